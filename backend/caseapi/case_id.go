package caseapi

import (
	"vedette/backend/soc"
)

// caseInput is the path of one case.
type caseInput struct {
	ID string `path:"id"`
}

func (in caseInput) ref(by soc.Actor) soc.IncidentRef {
	return soc.IncidentRef{Workspace: by.Workspace, ID: uuidOf(soc.CasePrefixCase, in.ID)}
}

// casePath is the path of a case as a link.
func casePath(uuid string) string { return prefix + "/cases/" + soc.CaseID(soc.CasePrefixCase, uuid) }
