package soc

import (
	"slices"
	"strings"
)

// RoleChange asks for the roles of a person: Grants are all of them by
// workspace, and what is not named is taken away. OrganizationAdmin nil stays.
type RoleChange struct {
	Person            string
	Grants            map[string]Role
	OrganizationAdmin *bool
	Reason            string
}

// RoleOutcome is the person as things stand and the change that waits, nil for
// roles that are in force.
type RoleOutcome struct {
	Person Person
	Change *PolicyChange
}

// DiffRoles is what differs between two sets of roles, by workspace. A role
// above viewer that somebody did not have loosens (S60); all else takes away, or
// lets somebody look.
func DiffRoles(person string, before, after map[string]Role) []PolicyDifference {
	var workspaces []string
	for _, roles := range []map[string]Role{before, after} {
		for workspace := range roles {
			if !slices.Contains(workspaces, workspace) {
				workspaces = append(workspaces, workspace)
			}
		}
	}
	slices.Sort(workspaces)
	var diff []PolicyDifference
	for _, workspace := range workspaces {
		was, is := before[workspace], after[workspace]
		if was == is {
			continue
		}
		direction := DirectionTightening
		if is.AtLeast(RoleAnalyst) && !was.AtLeast(is) {
			direction = DirectionLoosening
		}
		diff = append(diff, PolicyDifference{Path: rolePath(person, workspace), From: wordOrNil(was), To: wordOrNil(is), Direction: direction})
	}
	return diff
}

func rolePath(person, workspace string) string {
	return "/people/" + person + "/roles/" + workspace
}

func wordOrNil(r Role) any {
	if r == RoleNone {
		return nil
	}
	return string(r)
}

// RoleGrants are the grants that a change of roles stands for.
func (c PolicyChange) RoleGrants() []WorkspaceGrant {
	var grants []WorkspaceGrant
	for _, d := range c.Diff {
		parts := strings.Split(d.Path, "/")
		if len(parts) != 5 {
			continue
		}
		word, _ := d.To.(string)
		grants = append(grants, WorkspaceGrant{Person: parts[2], Workspace: parts[4], Role: Role(word)})
	}
	return grants
}

// GrantsTo reports whether the change gives a person something.
func (c PolicyChange) GrantsTo(person string) bool {
	return !c.Kind.OfPolicy() && c.Target == person
}
