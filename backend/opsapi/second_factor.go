package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type codeInput struct {
	Body struct {
		Code string `json:"code" jsonschema:"minLength=6,maxLength=64" jsonschema_description:"Six digits of the authenticator, or a recovery code where one is taken. Spaces and dashes do not count."`
	} `body:"json"`
}

// bareInput is a write that says nothing but its path.
type bareInput struct {
	Body struct{} `body:"json"`
}

// enrolmentView is what an authenticator is told, once.
type enrolmentView struct {
	Secret     string `json:"secret"`
	OTPAuthURI string `json:"otpauthUri"`
}

type recoveryView struct {
	RecoveryCodes []string `json:"recoveryCodes"`
}

// registerSecondFactor adds the second factors of section 3 of the contract.
func (a *api) registerSecondFactor() {
	person := web.Operation{Who: web.Person, Organization: true, Rate: "write", Write: true}
	pass := with(person, http.MethodPost, "/session/second-factor", "pass_second_factor", "Finish signing in with a code.")
	pass.Partial, pass.Cookie = []soc.SessionState{soc.SessionSecondFactor}, true
	pass.Rate, pass.Errors = web.LoginClass, []soc.Code{soc.CodeInvalidState}
	add(a, pass, a.passSecondFactor)

	enrol := with(person, http.MethodPost, "/session/totp", "enrol_totp", "Draw a secret for an authenticator.")
	enrol.Partial, enrol.Status, enrol.Secret = []soc.SessionState{soc.SessionEnrolment}, http.StatusCreated, true
	add(a, enrol, a.enrolTOTP)

	verify := with(person, http.MethodPost, "/session/totp/verify", "verify_totp", "Prove the authenticator and get recovery codes.")
	verify.Partial, verify.Cookie, verify.Secret = []soc.SessionState{soc.SessionEnrolment}, true, true
	verify.Errors = []soc.Code{soc.CodeInvalidState}
	add(a, verify, a.verifyTOTP)

	remove := with(person, http.MethodDelete, "/session/totp", "remove_totp", "Take the second factor away.")
	remove.Fresh, remove.Status, remove.Errors = true, http.StatusNoContent, []soc.Code{soc.CodeInvalidState, soc.CodeNotFound}
	add(a, remove, a.removeTOTP)
}

func (a *api) passSecondFactor(ctx context.Context, by soc.Actor, in codeInput) (web.Reply[whoami], error) {
	started, err := a.desk.PassSecondFactor(ctx, by, in.Body.Code)
	if err != nil {
		return web.Reply[whoami]{}, err
	}
	return a.started(started), nil
}

func (a *api) enrolTOTP(ctx context.Context, by soc.Actor, _ bareInput) (web.Reply[enrolmentView], error) {
	offered, err := a.desk.EnrolTOTP(ctx, by)
	if err != nil {
		return web.Reply[enrolmentView]{}, err
	}
	return web.OK(enrolmentView{offered.Secret, offered.URI}), nil
}

// verifyTOTP renews the cookie too: a session may do more from here on.
func (a *api) verifyTOTP(ctx context.Context, by soc.Actor, in codeInput) (web.Reply[recoveryView], error) {
	enrolled, codes, err := a.desk.VerifyTOTP(ctx, by, in.Body.Code)
	if err != nil {
		return web.Reply[recoveryView]{}, err
	}
	reply := web.OK(recoveryView{codes})
	reply.Cookie = a.cookie(enrolled)
	return reply, nil
}

func (a *api) removeTOTP(ctx context.Context, by soc.Actor, _ none) (web.Reply[none], error) {
	if err := a.desk.RemoveTOTP(ctx, by); err != nil {
		return web.Reply[none]{}, err
	}
	return web.Reply[none]{Status: http.StatusNoContent}, nil
}
