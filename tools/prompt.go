package tools

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/prompts"
	"vedette/schemas"
)

// prompt is a text a person's assistant can be started with (M31). It holds
// the caller's own validated arguments and no evidence.
type prompt struct {
	name        string
	title       string
	description string
	scope       soc.Scope
	arguments   []promptArgument
}

type promptArgument struct {
	name        string
	description string
	check       func(value string) error
	// ids says which ids complete it (M32).
	ids string
}

func allPrompts() []prompt {
	return []prompt{
		{
			"investigate_incident", "Investigate an incident", "From an incident to a verdict that cites its evidence.", soc.ScopeIncidentsRead,
			[]promptArgument{{"incident_id", "Such as " + incidentIDs.example() + ".", checkIn(incidentIDs, "incident_id"), "incident_id"}},
		},
		{
			"review_gamebook", "Review a gamebook", "What waits, what speaks for and against it. It cannot approve.", soc.ScopeIncidentsRead,
			[]promptArgument{{"gamebook_id", "Such as " + gamebookIDs.example() + ".", checkIn(gamebookIDs, "gamebook_id"), "gamebook_id"}},
		},
		{
			"trace_entity", "Trace an entity", "Where a value was seen, and what was decided there.", soc.ScopeIncidentsRead,
			[]promptArgument{
				{"type", "Such as host, account or ip.", checkKind, "entity_type"},
				{"value", "The whole name, address or hash.", checkValue, ""},
			},
		},
		{
			"shift_brief", "Brief the next shift", "What happened since a time, and what waits for a person.", soc.ScopeIncidentsRead,
			[]promptArgument{{"since", "RFC 3339 time with offset.", checkSince, ""}},
		},
	}
}

func checkIn(kind idKind, member string) func(string) error {
	return func(value string) error { return kind.check(member, value) }
}

func checkKind(value string) error {
	if slices.Contains(soc.AllEntityKinds, soc.EntityKind(value)) {
		return nil
	}
	return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument type is not a type: %q.", shown(value)).
		WithFix("Types are %s.", strings.Join(words(soc.AllEntityKinds), ", "))
}

// maxValue is the longest value find_related takes, in bytes.
const maxValue = 2048

// checkValue refuses what would not look like itself inside a text.
func checkValue(value string) error {
	if value != "" && len(value) <= maxValue && soc.EscapeVisible(value) == value {
		return nil
	}
	return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument value must be one line of 1 to %d visible characters.", maxValue).
		WithFix("Use find_related for a value with hidden characters.")
}

func checkSince(value string) error {
	var at schemas.Time
	if at.UnmarshalText([]byte(value)) == nil {
		return nil
	}
	return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument since is not an RFC 3339 time with an offset: %q.", shown(value)).
		WithFix("Send a time like 2026-04-15T20:00:00Z.")
}

// prompt finds a prompt by name.
func (s *Server) prompt(name string) *prompt {
	if i := slices.IndexFunc(s.prompts, func(p prompt) bool { return p.name == name }); i >= 0 {
		return &s.prompts[i]
	}
	return nil
}

// fill puts arguments into the text; all are required and none is unknown.
func (p prompt) fill(given map[string]string) (string, error) {
	for name := range given {
		if !slices.ContainsFunc(p.arguments, func(a promptArgument) bool { return a.name == name }) {
			return "", soc.Errorf(soc.Invalid, soc.CodeValidationError, "The prompt has no argument %q.", shown(name)).WithFix("%s", p.usage())
		}
	}
	for _, argument := range p.arguments {
		value, ok := given[argument.name]
		if !ok {
			return "", soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument %s is required and missing.", argument.name).WithFix("%s", p.usage())
		}
		if err := argument.check(value); err != nil {
			return "", err
		}
	}
	return prompts.Fill(prompts.MCP(p.name), given), nil
}

func (p prompt) usage() string {
	var names []string
	for _, argument := range p.arguments {
		names = append(names, fmt.Sprintf("%s (%s)", argument.name, strings.TrimSuffix(argument.description, ".")))
	}
	return "It takes " + strings.Join(names, " and ") + "."
}

// fillPrompt answers prompts/get in the front, where a bad argument is invalid
// params and not an internal error.
func (x *exchange) fillPrompt() *rpcError {
	p := x.server.prompt(x.name)
	if p == nil || !x.sees(p.scope) {
		return nil // the library knows no such prompt and says so
	}
	if len(p.arguments) == 0 {
		return nil
	}
	given := map[string]string{}
	if len(x.arguments) > 0 {
		if err := json.Unmarshal(x.arguments, &given); err != nil {
			return x.badPrompt(soc.Errorf(soc.Invalid, soc.CodeValidationError, "Arguments of a prompt are texts.").WithFix("%s", p.usage()))
		}
	}
	text, err := p.fill(given)
	if err != nil {
		return x.badPrompt(err)
	}
	x.text = text
	return nil
}

func (x *exchange) badPrompt(err error) *rpcError {
	status := http.StatusOK
	if x.modern {
		status = http.StatusBadRequest
	}
	return refused(status, rpcInvalidParams, x.by.Call.RequestID, err)
}
