package console

import (
	"fmt"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// The picture of an incident: its alerts on the left, its entities on the
// right, a line for each pair that shares a row of evidence. It is an SVG made
// here, of coordinates and text nodes; the same is told beside it as a table.

// Measures of the picture, in its own units.
const (
	graphAlerts   = 14
	graphEntities = 22
	graphRow      = 30
	graphWidth    = 860
	graphLeft     = 330 // right edge of the alerts
	graphRight    = 540 // left edge of the entities
	graphLabel    = 42  // characters of an alert's label
	graphName     = 44  // characters of an entity's, with its kind
)

type graph struct {
	Width, Height    int
	Alerts, Entities []graphNode
	Edges            []graphEdge
	// Hidden counts entities that did not fit.
	Hidden int
}

type graphNode struct {
	ID, Label, Full, Kind string
	X, Y, Middle, Text    int
	Bad                   bool
	// Links names what it is joined to, for the table.
	Links []string
}

type graphEdge struct {
	Path   string
	Weight int
}

// drawGraph places what the loaded evidence joins; entities with the most rows
// come first.
func drawGraph(found soc.CaseDetail) (g graph) {
	type pair struct{ alert, entity string }
	weights, rows := map[pair]int{}, map[string]int{}
	for _, e := range found.Evidence {
		for _, entity := range e.Entities {
			weights[pair{e.Alert, entity}]++
			rows[entity]++
		}
	}
	entities := slices.Clone(found.Entities)
	slices.SortStableFunc(entities, func(a, b soc.Entity) int { return rows[b.ID] - rows[a.ID] })
	g.Hidden = max(0, found.Incident.EntityCount-graphEntities)
	entities = entities[:min(len(entities), graphEntities)]
	slices.SortStableFunc(entities, func(a, b soc.Entity) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	alerts := found.Alerts[:min(len(found.Alerts), graphAlerts)]
	tall := max(len(alerts), len(entities), 1)
	g.Width, g.Height = graphWidth, tall*graphRow+16
	offset := func(n int) int { return 8 + (tall-n)*graphRow/2 }
	for n, a := range alerts {
		y := offset(len(alerts)) + n*graphRow
		g.Alerts = append(g.Alerts, graphNode{ID: a.UID, Label: cut(soc.EscapeVisible(a.Title), graphLabel), Full: a.Title, Kind: string(a.Severity), X: graphLeft, Y: y, Middle: y + 12, Text: y + 16})
	}
	for n, e := range entities {
		y := offset(len(entities)) + n*graphRow
		name := e.Display
		if name == "" {
			name = e.Value
		}
		node := graphNode{ID: e.ID, Label: cut(soc.EscapeVisible(name), graphName-len(e.Kind)), Full: name, Kind: string(e.Kind), X: graphRight, Y: y, Middle: y + 12, Text: y + 16, Bad: e.VendorVerdict == "malicious"}
		for m, a := range alerts {
			weight := weights[pair{a.ID, e.ID}]
			if weight == 0 {
				continue
			}
			from := g.Alerts[m].Middle
			bend := (graphLeft + graphRight) / 2
			g.Edges = append(g.Edges, graphEdge{fmt.Sprintf("M%d %dC%d %d %d %d %d %d", graphLeft, from, bend, from, bend, node.Middle, graphRight, node.Middle), min(weight, 4)})
			node.Links = append(node.Links, g.Alerts[m].Label)
		}
		g.Entities = append(g.Entities, node)
	}
	return g
}

// cut shortens a text to n characters.
func cut(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
