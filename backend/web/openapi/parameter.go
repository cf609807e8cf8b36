package openapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"vedette/backend/web"
)

// parametersOf draws path, query and header parameters, in this order.
func (d *drawing) parametersOf(route web.Route) []any {
	var all []any
	for _, name := range pathNames(route.Path) {
		schema := property(route.PathSchema, name)
		if schema == nil { // the pipeline's own
			schema = object{"type": "string", "format": "uuid"}
		}
		all = append(all, object{"name": name, "in": "path", "required": true, "schema": schema, "description": pathText(name)})
	}
	required, properties := query(route.QuerySchema)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		parameter := object{"name": name, "in": "query", "schema": properties[name]}
		lift(parameter)
		if slices.Contains(required, name) {
			parameter["required"] = true
		}
		if schema, ok := properties[name].(object); ok && schema["type"] == "array" {
			parameter["style"], parameter["explode"] = "form", false
		}
		all = append(all, parameter)
	}
	return append(all, d.headersOf(route)...)
}

// lift moves a description from the schema to the parameter.
func lift(parameter object) {
	schema, ok := parameter["schema"].(object)
	if ok && schema["description"] != nil {
		parameter["description"] = schema["description"]
		delete(schema, "description")
	}
}

func pathText(name string) string {
	if name == "workspaceId" {
		return "The workspace: a GUID."
	}
	return "Compared exactly after percent-decoding; `%2F` stays part of it."
}

// pathNames are the parameters of a pattern in their order.
func pathNames(path string) (names []string) {
	for _, segment := range strings.Split(path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}

func property(schema json.RawMessage, name string) object {
	_, properties := query(schema)
	found, _ := properties[name].(object)
	return found
}

func query(schema json.RawMessage) (required []string, properties object) {
	var root struct {
		Required   []string `json:"required"`
		Properties object   `json:"properties"`
	}
	_ = json.Unmarshal(schema, &root) // drawn by schemas
	return root.Required, root.Properties
}

// headersOf lists the request headers that mean something to a route.
func (d *drawing) headersOf(route web.Route) (all []any) {
	add := func(name string) {
		known, ok := requestHeaders[name]
		if !ok {
			known = headerText{text: "Read by this operation.", schema: object{"type": "string"}}
		}
		id := strings.ReplaceAll(name, "-", "")
		d.parameters[id] = object{"name": name, "in": "header", "description": known.text, "schema": known.schema}
		all = append(all, object{"$ref": "#/components/parameters/" + id})
	}
	if route.Write && route.Who != web.Anyone {
		add("Idempotency-Key")
	}
	for _, name := range route.Headers {
		if name != "User-Agent" { // what every client sends anyway
			add(name)
		}
	}
	if route.InWorkspace() {
		if !route.Door().WorkspaceInPath {
			add("Vedette-Workspace")
		}
		add("Vedette-Run-Token")
	}
	add("X-Request-Id")
	return all
}

type headerText struct {
	text   string
	schema object
}

var text = object{"type": "string"}

// requestHeaders are those that the pipeline or an operation reads.
var requestHeaders = map[string]headerText{
	"Idempotency-Key": {
		"A repetition with the same key and the same request gets the first answer again; kept 24 hours.",
		object{"type": "string", "minLength": 1, "maxLength": 257, "pattern": `^(?:[!#-~]{1,255}|"[!#-\[\]-~]{1,255}")$`},
	},
	"If-Match": {
		"The ETag that was read, or `*`: the write happens only while the object is still that.",
		object{"type": "string", "pattern": `^(\*|(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*)$`},
	},
	"Prefer": {
		"`wait=N` seconds, at most 25, or `respond-async`.",
		object{"type": "string"},
	},
	"Vedette-Workspace": {
		"The workspace, for credentials of several.", object{"type": "string", "format": "uuid"},
	},
	"Vedette-Run-Token": {
		"The token of the run this call belongs to; a token that is not good is treated as absent.",
		object{"type": "string"},
	},
	"X-Request-Id": {
		"The caller's own id, returned as `X-Correlation-Id`; a malformed one is dropped.",
		object{"type": "string"},
	},
}

// answerHeaders are those of answers.
var answerHeaders = map[string]headerText{
	"X-Request-Id":        {"The id of this request, which the audit and the log name too.", text},
	"ETag":                {"The revision, where the answer is one object that has one.", object{"type": "string", "pattern": `^"[0-9]+"$`}},
	"Location":            {"Where the new object, or the work that goes on, is found.", object{"type": "string"}},
	"Retry-After":         {"Seconds to wait.", object{"type": "integer", "minimum": 1}},
	"Idempotent-Replayed": {"Set where the answer is the stored one of an earlier request.", object{"type": "string", "enum": []string{"true"}}},
	"RateLimit":           {"What is left of the rate class.", text},
	"RateLimit-Policy":    {"The rate class that pays, its quota and window.", text},
	"WWW-Authenticate":    {"How to authenticate.", text},
	"Set-Cookie":          {"The session cookie, set or ended.", text},
}

// header refers to a header of answers.
func (d *drawing) header(into object, names ...string) {
	for _, name := range names {
		known := answerHeaders[name]
		id := strings.ReplaceAll(name, "-", "")
		d.headers[id] = object{"description": known.text, "schema": known.schema}
		into[name] = object{"$ref": "#/components/headers/" + id}
	}
}

// statusText is the reason phrase of a status.
func statusText(status int) string { return http.StatusText(status) }
