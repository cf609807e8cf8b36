package backend

import (
	"net/netip"
	"strings"

	"vedette/backend/data"
	"vedette/backend/soc"
)

// Reference is the shipped reference data as the floor asks for it. A list is
// only ever asked about a value of its own kind: never about a full URL, and
// about a file by its hash alone.
func Reference() soc.FloorReference {
	return soc.FloorReference{
		Lists:     warningLists,
		Technique: technique,
		Tactic:    func(id string) (string, bool) { return data.Attack().Tactic(id) },
	}
}

func warningLists(kind soc.EntityKind, value string) []soc.ListMatch {
	index := data.WarningLists()
	var lists []data.WarningList
	switch kind {
	case soc.KindIP:
		if address, err := netip.ParseAddr(value); err == nil {
			lists = index.Address(address)
		}
	case soc.KindDomain:
		lists = index.Domain(value)
	case soc.KindFileHash:
		lists = index.Hash(value)
	case soc.KindMailbox:
		lists = append(index.Mail(value), simulators(index, value)...)
	default:
		return nil
	}
	matches := make([]soc.ListMatch, len(lists))
	for i, list := range lists {
		matches[i] = soc.ListMatch{List: list.ID, Group: soc.ListGroup(list.Group)}
	}
	return matches
}

// simulators are the attack-simulator lists the domain of a mail address is
// on; other domain lists say nothing about a sender.
func simulators(index *data.WarningListIndex, address string) []data.WarningList {
	_, domain, _ := strings.Cut(address, "@")
	var found []data.WarningList
	for _, list := range index.Domain(domain) {
		if list.Group == string(soc.ListSimulator) {
			found = append(found, list)
		}
	}
	return found
}

func technique(id string) (soc.Technique, bool) {
	found, known := data.Attack().Technique(id)
	return soc.Technique{ID: found.ID, Tactics: found.Tactics}, known
}

// ShippedSOPs are the standard operating procedures that come with the
// product, for a workspace.
func ShippedSOPs(workspace string) []soc.SOP {
	shipped := data.SOPs()
	sops := make([]soc.SOP, len(shipped))
	for i, sop := range shipped {
		sops[i] = soc.SOP{
			ID: sop.ID, Workspace: workspace, Name: sop.Name, Kind: sop.Kind, Version: sop.Version, Text: sop.Text,
			Sources: sop.Sources, IncidentTypes: sop.IncidentTypes, Tactics: sop.Tactics, Playbooks: sop.Playbooks,
			Priority: sop.Priority,
		}
		for _, severity := range sop.Severities {
			sops[i].Severities = append(sops[i].Severities, soc.Severity(severity))
		}
	}
	return sops
}
