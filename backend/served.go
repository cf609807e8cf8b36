package backend

import (
	"slices"

	"vedette/backend/soc"
)

// serve notes what a read gives to an agent. A door that did not ask for the
// record gets nothing: what is served must be recorded before it leaves (S38).
func serve(by soc.Actor, i soc.Incident, rows int, tainted, flagged bool) error {
	if by.Kind != soc.PrincipalAgent {
		return nil
	}
	if by.Served == nil {
		return soc.Errorf(soc.Internal, soc.CodeInternalError, "The server could not complete the request.")
	}
	by.Served.Rows += rows
	if i.ID == "" {
		return nil
	}
	if !slices.Contains(by.Served.Incidents, i.ID) {
		by.Served.Incidents = append(by.Served.Incidents, i.ID)
	}
	by.Served.Mark(i.ID, tainted, flagged)
	return nil
}

// serveEvidence notes evidence rows by id. Only rows that carry text somebody
// else wrote taint; every row does today, since even a sensor's row holds
// names that an attacker chose.
func serveEvidence(by soc.Actor, i soc.Incident, rows []soc.Evidence) error {
	if by.Kind != soc.PrincipalAgent || len(rows) == 0 {
		return nil
	}
	if by.Served == nil {
		return soc.Errorf(soc.Internal, soc.CodeInternalError, "The server could not complete the request.")
	}
	if by.Served.Evidence == nil {
		by.Served.Evidence = map[string][]string{}
	}
	for _, row := range rows {
		id := soc.EvidenceID(row.Number)
		if !slices.Contains(by.Served.Evidence[i.ID], id) {
			by.Served.Evidence[i.ID] = append(by.Served.Evidence[i.ID], id)
		}
		by.Served.Mark(i.ID, true, len(row.Flags) > 0)
	}
	return nil
}

// serveAlert notes an alert. One that no incident has yet keeps its taint under
// its own id; whoever escalates it hands that on (Desk.escalate).
func serveAlert(by soc.Actor, a soc.Alert) error {
	if by.Kind != soc.PrincipalAgent {
		return nil
	}
	if err := serve(by, soc.Incident{ID: a.CaseOf()}, 1, true, len(a.Flags) > 0); err != nil {
		return err
	}
	if a.Incident == "" && !slices.Contains(by.Served.Alerts, a.UID) {
		by.Served.Alerts = append(by.Served.Alerts, a.UID)
		by.Served.Mark(a.UID, true, len(a.Flags) > 0)
	}
	return nil
}
