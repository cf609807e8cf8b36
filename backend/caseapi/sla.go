package caseapi

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

func (d *door) registerSLA() {
	web.Register(d.registry, d.family, reading("/sla", "get_sla", "Targets by severity, in seconds; 0 is none.", soc.ScopeCasesRead), d.getSLA)
	set := writing("PUT", "/sla", "set_sla", "Set targets; severities left out keep theirs.", soc.ScopeCasesRead, soc.RoleManager)
	set.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	web.Register(d.registry, d.family, set, d.setSLA)
}

// targets are the times of one severity in seconds; 0 is none.
type targets struct {
	Acknowledge int64 `json:"acknowledge_seconds" jsonschema:"minimum=0,maximum=31536000"`
	Triage      int64 `json:"triage_seconds" jsonschema:"minimum=0,maximum=31536000"`
	Resolve     int64 `json:"resolve_seconds" jsonschema:"minimum=0,maximum=31536000"`
}

type sla struct {
	Informational targets `json:"informational"`
	Low           targets `json:"low"`
	Medium        targets `json:"medium"`
	High          targets `json:"high"`
	Critical      targets `json:"critical"`
}

func drawTargets(s soc.SLA) sla {
	draw := func(severity soc.Severity) targets {
		t := s[severity]
		return targets{int64(t.Acknowledge / time.Second), int64(t.Triage / time.Second), int64(t.Resolve / time.Second)}
	}
	return sla{
		Informational: draw(soc.SeverityInformational), Low: draw(soc.SeverityLow), Medium: draw(soc.SeverityMedium), High: draw(soc.SeverityHigh),
		Critical: draw(soc.SeverityCritical),
	}
}

func (d *door) getSLA(ctx context.Context, by soc.Actor, _ struct{}) (web.Reply[sla], error) {
	s, err := d.desk.GetSLA(ctx, by)
	if err != nil {
		return web.Reply[sla]{}, err
	}
	return web.OK(drawTargets(s)), nil
}

type setSLAInput struct {
	Body struct {
		Informational *targets `json:"informational,omitempty"`
		Low           *targets `json:"low,omitempty"`
		Medium        *targets `json:"medium,omitempty"`
		High          *targets `json:"high,omitempty"`
		Critical      *targets `json:"critical,omitempty"`
	} `body:"json"`
}

func (d *door) setSLA(ctx context.Context, by soc.Actor, in setSLAInput) (web.Reply[sla], error) {
	set := soc.SLA{}
	for severity, t := range map[soc.Severity]*targets{
		soc.SeverityInformational: in.Body.Informational, soc.SeverityLow: in.Body.Low, soc.SeverityMedium: in.Body.Medium,
		soc.SeverityHigh: in.Body.High, soc.SeverityCritical: in.Body.Critical,
	} {
		if t != nil {
			set[severity] = soc.SLATimes{
				Acknowledge: time.Duration(t.Acknowledge) * time.Second, Triage: time.Duration(t.Triage) * time.Second, Resolve: time.Duration(t.Resolve) * time.Second,
			}
		}
	}
	draw := func(s soc.SLA) web.Reply[sla] { return web.OK(drawTargets(s)) }
	s, err := d.desk.SetSLA(ctx, web.Answering(by, draw), set)
	if err != nil {
		return web.Reply[sla]{}, err
	}
	return draw(s), nil
}
