package web

import (
	"context"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"vedette/backend/soc"
)

// may is step 5: what kind of credential, and its scope. A route of the
// organization has no later role, so all is asked here.
func (x *exchange) may(ctx context.Context) error {
	if x.route.Who == Anyone {
		return nil
	}
	err := x.mayKind()
	if err == nil {
		scope := x.route.Scope
		if x.route.Or != "" && x.by.Has(x.route.Or) {
			scope = x.route.Or
		}
		err = x.by.May(scope, soc.RoleNone)
	}
	x.refuse(ctx, err)
	return err
}

func (x *exchange) mayKind() error {
	op := x.route.Operation
	switch {
	case op.Who == Person && !x.by.Session:
		return sessionRequired("session")
	case op.Fresh && !x.by.Fresh(x.registry.now()):
		return sessionRequired("session.reauth")
	case len(op.Kinds) > 0 && !slices.Contains(op.Kinds, x.by.Kind):
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "This kind of credential may never do this.")
	}
	return nil
}

// workspace is step 6: which one, the role in it, and the run.
func (x *exchange) workspace(ctx context.Context) error {
	if x.route.Who == Anyone {
		return nil
	}
	if err := x.resolve(ctx); err != nil {
		x.refuse(ctx, err)
		return err
	}
	if !x.route.Organization {
		if err := x.by.May("", x.route.MinRole); err != nil {
			x.refuse(ctx, err)
			return err
		}
	}
	token, found, err := single(x.req.Header, "Vedette-Run-Token")
	if err != nil || !found || x.by.Workspace == "" {
		return err
	}
	x.by.Run, err = x.registry.config.Identity.Run(ctx, x.by, token)
	return err
}

func (x *exchange) resolve(ctx context.Context) error {
	id, found, err := single(x.req.Header, "Vedette-Workspace")
	switch {
	case x.workspaceInPath():
		id = chi.URLParam(x.req, workspaceParameter)
	case x.route.family.WorkspaceInPath:
		return nil
	case err != nil:
		return err
	case x.route.Organization || x.route.Who == Signed:
		if found {
			return badRequest("This route is about no workspace; leave the header Vedette-Workspace out.")
		}
		return nil
	case found && !IsUUID(id):
		return soc.InvalidField("Vedette-Workspace", "Must be a GUID.")
	}
	by, err := x.registry.config.Identity.Workspace(ctx, x.by, strings.ToLower(id))
	kind := soc.KindOf(err)
	if kind == soc.NotFound || kind == soc.Denied && !x.workspaceInPath() {
		return soc.NotFoundf("There is no such workspace.")
	}
	if err != nil {
		return err
	}
	x.by = by
	return nil
}

// source is step 7: the products and slugs of the workspace, byte for byte.
func (x *exchange) source(ctx context.Context) error {
	name := "source"
	sent := chi.URLParam(x.req, name)
	if sent == "" || x.by.Workspace == "" {
		return nil
	}
	valid, err := x.registry.config.Identity.Sources(ctx, x.by)
	if err != nil || slices.Contains(valid, sent) {
		return err
	}
	return soc.InvalidField(name, "Must be one of %s.", strings.Join(valid, ", "))
}

// refuse puts a refusal that came before the operation on record.
func (x *exchange) refuse(ctx context.Context, err error) {
	failure := soc.AsError(err)
	if failure == nil || failure.Kind != soc.Denied && failure.Kind != soc.Unauthenticated {
		return
	}
	x.registry.config.Recorder.RecordRefusal(ctx, x.by, x.call(), failure)
}
