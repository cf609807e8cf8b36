package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vedette/backend/web"
)

// object is a JSON object whose members encoding/json writes in sorted order,
// so that one set of routes always makes the same bytes.
type object = map[string]any

// Facts are what the documents say of the server they describe.
type Facts struct {
	// Version is the program's.
	Version string
	// PublicURL is where clients reach the server.
	PublicURL string
	// Cookie is the name of the session cookie.
	Cookie string
}

// Documents are the document of all families and that of each.
type Documents struct {
	// All is the whole; ByFamily are its parts, each complete in itself.
	All      []byte
	ByFamily map[string][]byte
	// Families are the names, in order.
	Families []string
	routes   []web.Route
	facts    Facts
}

// Draw makes the documents. It returns an error for routes that one document
// cannot hold, such as two operations of one name.
func Draw(routes []web.Route, facts Facts) (*Documents, error) {
	d := &Documents{ByFamily: map[string][]byte{}, Families: familiesOf(routes), routes: routes, facts: facts}
	var err error
	if d.All, err = draw(routes, facts, ""); err != nil {
		return nil, err
	}
	for _, name := range d.Families {
		own := slices.DeleteFunc(slices.Clone(routes), func(r web.Route) bool { return r.Family != name })
		if d.ByFamily[name], err = draw(own, facts, name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// familiesOf are the names of the families that routes belong to, in order.
func familiesOf(routes []web.Route) (names []string) {
	for _, route := range routes {
		if !slices.Contains(names, route.Family) {
			names = append(names, route.Family)
		}
	}
	slices.Sort(names)
	return names
}

// drawing is one document while it is drawn.
type drawing struct {
	schemas    object
	parameters object
	headers    object
	responses  object
	security   object
	facts      Facts
	// encoded are the schemas by name, to tell two types of one name apart.
	encoded map[string]string
	// problems are the bodies of errors, by family: every failure of a route has one.
	problems map[string]object
}

func draw(routes []web.Route, facts Facts, family string) ([]byte, error) {
	d := &drawing{
		facts:   facts,
		schemas: object{}, parameters: object{}, headers: object{}, responses: object{}, security: object{}, encoded: map[string]string{}, problems: map[string]object{},
	}
	paths, tags, ids := object{}, []string{}, map[string]string{}
	for _, route := range routes {
		id := operationID(route)
		if other, taken := ids[id]; taken {
			return nil, fmt.Errorf("openapi: %s and %s %s are both called %s", other, route.Method, route.Path, id)
		}
		ids[id] = route.Method + " " + route.Path
		item, ok := paths[route.Path].(object)
		if !ok {
			item = object{}
			paths[route.Path] = item
		}
		item[strings.ToLower(route.Method)] = d.operation(route, id)
		if tag := tagOf(route); !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	described := make([]object, len(tags))
	for i, tag := range tags {
		described[i] = object{"name": tag, "description": tagText(tag)}
	}
	return encode(object{
		"openapi":           "3.1.1",
		"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info":              info(facts, family),
		"servers":           []object{{"url": facts.PublicURL, "description": "This server."}},
		"tags":              described,
		"paths":             paths,
		"components": object{
			"schemas": d.schemas, "parameters": d.parameters, "headers": d.headers, "responses": d.responses, "securitySchemes": d.security,
		},
	})
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return out.Bytes(), nil
}

func info(facts Facts, family string) object {
	title := "Vedette"
	if family != "" {
		title = "Vedette, " + family + " family"
	}
	return object{
		"title": title, "version": facts.Version,
		"summary":     "Incidents of a security team, worked by people and agents under one policy.",
		"description": about,
		"license":     object{"name": "Apache License 2.0", "identifier": "Apache-2.0"},
	}
}

const about = `Drawn from the routes this server has registered.

What holds everywhere: nothing unknown is ignored (an unknown parameter, member or value is 400 and named); ` +
	`HEAD answers as GET without a body; a path that exists answers another method with 405 and ` + "`Allow`" + `; ` +
	`every answer carries ` + "`X-Request-Id`" + `; lists never answer an unknown filter with an empty page. ` +
	`List parameters take several values as one comma list or by repetition. ` +
	`Integers of the portal and operations families may be sent as strings of digits, and parameter names of these two are matched without regard to case.`

// operationID is unique over all families and stable: clients name their
// functions after it.
func operationID(route web.Route) string {
	return route.Family + camel(route.Name)
}

// camel turns list_incidents into ListIncidents.
func camel(name string) string {
	var out strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' || r == '.' }) {
		out.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return out.String()
}

// tagOf groups the operations of a family by the first noun of their paths.
func tagOf(route web.Route) string {
	path := strings.TrimPrefix(route.Path, "/api")
	for _, prefix := range route.Door().Prefixes {
		if rest, ok := strings.CutPrefix(route.Path, prefix); ok && route.Family != "triage" {
			path = rest
		}
	}
	path = strings.TrimPrefix(path, "/workspaces/{workspaceId}")
	for _, segment := range strings.Split(path, "/") {
		if segment != "" && segment[0] != '{' {
			return route.Family + " " + segment
		}
	}
	return route.Family
}

func tagText(tag string) string {
	family, noun, _ := strings.Cut(tag, " ")
	if noun == "" {
		return camel(family) + " family."
	}
	return camel(family) + " family: " + strings.ReplaceAll(noun, "-", " ") + "."
}
