package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"vedette/backend/web"
	"vedette/backend/web/openapi"
)

// contract holds every exchange of a house to the documents the server would
// publish: a status, code, header or body that they do not describe fails, and
// so does a request they forbid and the server took. The judge is not ours.
type contract struct {
	spec    *openapi3.T
	routes  []web.Route
	options *openapi3filter.Options
}

// lines lets the judge look at bodies of one JSON object per line, whose items
// the operation tells apart, as at any other text.
var lines = sync.OnceFunc(func() {
	for _, media := range []string{"application/x-ndjson", "text/html", "text/markdown"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.RegisteredBodyDecoder("text/plain"))
	}
})

// contracts keeps the contract of every set of routes that this process has
// served: its tests open one door many times, and to draw, read and check the
// document takes longer than most of them.
var contracts = struct {
	sync.Mutex
	made map[string]*contract
}{made: map[string]*contract{}}

// contractOf is newContract, once in a process for equal routes.
func contractOf(routes []web.Route) (*contract, error) {
	contracts.Lock()
	defer contracts.Unlock()
	key := told(routes)
	if c, ok := contracts.made[key]; ok {
		return c, nil
	}
	c, err := newContract(routes)
	if err == nil {
		contracts.made[key] = c
	}
	return c, err
}

// told is everything the document is drawn from, in a line for each route.
func told(routes []web.Route) string {
	var out strings.Builder
	for _, r := range routes {
		fmt.Fprintf(&out, "%+v %+v %s %s %s %s %q %v %v\n",
			r.Operation, *r.Door(), r.PathSchema, r.QuerySchema, r.BodySchema, r.AnswerSchema, r.Headers, r.BodyType, r.AnswerType)
	}
	return out.String()
}

// newContract draws the documents of the routes and checks that they are valid.
func newContract(routes []web.Route) (*contract, error) {
	lines()
	documents, err := openapi.Draw(routes, openapi.Facts{Version: "test", PublicURL: PublicURL, Cookie: web.CookieSecure})
	if err != nil {
		return nil, err
	}
	spec, err := openapi3.NewLoader().LoadFromData(documents.All)
	if err == nil {
		err = spec.Validate(context.Background())
	}
	if err == nil {
		err = judgedInFull(documents.All)
	}
	if err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	// Told that a document is of 3.1, the judge compiles the schema of every
	// value it meets anew, and then, where the schema has references, as those
	// of nearly all our bodies do, leaves the value to its own older walk. That
	// walk alone gives the same verdicts in a tenth of the time.
	spec.OpenAPI = "3.0.4"
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true,
	}
	options.WithCustomSchemaErrorFunc(func(fault *openapi3.SchemaError) string {
		return fmt.Sprintf("at /%s: %s (an error code belongs into Operation.Errors, a member into the Go type)",
			strings.Join(fault.JSONPointer(), "/"), fault.Reason)
	})
	return &contract{spec: spec, routes: routes, options: options}, nil
}

// unwalked are the keywords of JSON Schema that only the compiled judge knows.
var unwalked = []string{
	"const", "prefixItems", "contains", "minContains", "maxContains", "patternProperties", "dependentSchemas", "propertyNames",
	"unevaluatedItems", "unevaluatedProperties", "if", "then", "else", "dependentRequired", "$defs", "contentSchema", "nullable",
}

// judgedInFull refuses a document with a keyword that the walk would pass over.
func judgedInFull(document []byte) error {
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		return err
	}
	return seek(root, "")
}

func seek(node any, at string) error {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			if err := seek(item, at); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, value := range node {
			names := strings.HasSuffix(at, "/properties") || strings.HasPrefix(at, "/components") && strings.Count(at, "/") == 2
			if !names && slices.Contains(unwalked, key) {
				return fmt.Errorf("%s has %s, which the door tests would not hold anybody to", at, key)
			}
			if !names && (key == "example" || key == "examples" || key == "default" || key == "enum") {
				continue // values, not schemas
			}
			if err := seek(value, at+"/"+key); err != nil {
				return err
			}
		}
	}
	return nil
}

// check returns what of one exchange the documents do not describe.
func (c *contract) check(req *http.Request, body string, w *httptest.ResponseRecorder) error {
	route, parameters, found := c.match(req.Method, req.URL.EscapedPath())
	if !found {
		return nil // no route of ours: 404 or 405
	}
	input := c.input(req, body, route, parameters)
	operation := input.Route.Operation
	faults := []error{undescribed(operation, w)}
	if w.Code < 300 && w.Header().Get("Idempotent-Replayed") == "" {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			faults = append(faults, fmt.Errorf("was taken, and the document forbids it: %w", err))
		}
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: w.Code, Header: w.Header(), Options: c.options,
	}
	answer.SetBodyBytes(w.Body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		faults = append(faults, fmt.Errorf("the answer is not as the document says: %w", err))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("%s %s (%s) %d: %w", req.Method, req.URL, route.Path, w.Code, err)
	}
	return nil
}

// input is the exchange as the judge takes it. Families that bind the names of
// parameters without regard to case document one spelling.
func (c *contract) input(req *http.Request, body string, route web.Route, parameters map[string]string) *openapi3filter.RequestValidationInput {
	item := c.spec.Paths.Value(route.Path)
	operation := item.GetOperation(route.Method)
	copied := req.Clone(context.Background())
	copied.Body = io.NopCloser(bytes.NewBufferString(body))
	query, _ := url.ParseQuery(req.URL.RawQuery) // what does not parse was refused
	if route.Door().FoldQuery {
		query = folded(query, operation)
	}
	return &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: parameters, QueryParams: query, Options: c.options,
		Route: &routers.Route{Spec: c.spec, Path: route.Path, PathItem: item, Method: route.Method, Operation: operation},
	}
}

func folded(query url.Values, operation *openapi3.Operation) url.Values {
	out := url.Values{}
	for name, values := range query {
		for _, parameter := range operation.Parameters {
			if parameter.Value.In == "query" && strings.EqualFold(parameter.Value.Name, name) {
				name = parameter.Value.Name
			}
		}
		out[name] = values
	}
	return out
}

// described are the headers that mean something to a client; a route that sends
// one must document it.
var described = []string{
	"ETag", "Location", "Retry-After", "Set-Cookie", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "WWW-Authenticate", "X-Request-Id",
}

func undescribed(operation *openapi3.Operation, w *httptest.ResponseRecorder) error {
	response := operation.Responses.Status(w.Code)
	if response == nil {
		return fmt.Errorf("status %d is not documented: name it in Operation.Status, Also or (by its code %q) Errors", w.Code, web.CodeIn(w.Body.Bytes()))
	}
	var faults []error
	for _, name := range described {
		if w.Header().Get(name) != "" && response.Value.Headers[name] == nil {
			faults = append(faults, fmt.Errorf("header %s is not documented on %d", name, w.Code))
		}
	}
	return errors.Join(faults...)
}

// match finds the route of a path as the server does: a fixed segment wins over
// a parameter, also where that path has not the method. HEAD is what GET is.
func (c *contract) match(method, path string) (best web.Route, parameters map[string]string, found bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	sent := strings.Split(path, "/")
	fixed := -1
	for _, route := range c.routes {
		values, weight, ok := fit(strings.Split(route.Path, "/"), sent)
		if !ok || weight < fixed || weight == fixed && found {
			continue
		}
		best, parameters, fixed, found = route, values, weight, route.Method == method
	}
	return best, parameters, found
}

func fit(pattern, sent []string) (parameters map[string]string, fixed int, ok bool) {
	if len(pattern) != len(sent) {
		return nil, 0, false
	}
	parameters = map[string]string{}
	for i, segment := range pattern {
		switch {
		case strings.HasPrefix(segment, "{"):
			value, err := url.PathUnescape(sent[i])
			if err != nil || sent[i] == "" {
				return nil, 0, false
			}
			parameters[strings.Trim(segment, "{}")] = value
		case segment != sent[i]:
			return nil, 0, false
		default:
			fixed++
		}
	}
	return parameters, fixed, true
}
