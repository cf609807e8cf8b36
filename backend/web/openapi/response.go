package openapi

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// responsesOf draws every answer of a route: its successes in the family's
// envelope, its failures in the family's error body.
func (d *drawing) responsesOf(route web.Route, id string) object {
	all := object{}
	for _, status := range append([]int{route.Status}, route.Also...) {
		all[strconv.Itoa(status)] = d.success(route, id, status)
	}
	byStatus := map[int][]web.Failing{}
	for _, failing := range route.Failures() {
		byStatus[failing.Status] = append(byStatus[failing.Status], failing)
	}
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		all[strconv.Itoa(status)] = d.failure(route, status, byStatus[status])
	}
	all[strconv.Itoa(http.StatusRequestHeaderFieldsTooLarge)] = d.response("HeadersTooLarge", headersTooLarge)
	return all
}

// headersTooLarge is answered by the listener, in a line of plain text, before
// any door reads anything; it is no error body of a family.
var headersTooLarge = object{"description": "The request line and headers are longer than the server reads."}

func (d *drawing) success(route web.Route, id string, status int) object {
	headers := object{}
	d.header(headers, "X-Request-Id")
	if route.Rate != "" {
		d.header(headers, "RateLimit", "RateLimit-Policy")
	}
	if !route.Paged && status != http.StatusNoContent {
		d.header(headers, "ETag")
	}
	if route.Method != http.MethodGet && status != http.StatusNoContent {
		d.header(headers, "Location")
	}
	if status == http.StatusAccepted {
		d.header(headers, "Retry-After")
	}
	if route.Write && route.Who != web.Anyone {
		d.header(headers, "Idempotent-Replayed")
	}
	if route.Cookie {
		d.header(headers, "Set-Cookie")
	}
	answer := object{"description": successText(status), "headers": headers}
	switch {
	case status == http.StatusNoContent:
	case len(route.Produces) > 0:
		content := object{}
		for _, media := range route.Produces {
			content[media] = object{"schema": producedSchema(media)}
		}
		answer["content"] = content
	default:
		whole := route.Door().BodyType(route.AnswerType, route.Paged && !route.OwnPages)
		drawn := schemas.AnswerType(whole)
		schema := d.named(route, camel(id)+"Answer", drawn, whole)
		answer["content"] = object{"application/json": exemplified(object{"schema": schema}, drawn, true)}
	}
	return answer
}

// producedSchema describes an answer that is sent as it is stored.
func producedSchema(media string) object {
	if media == "application/json" {
		return object{"type": "object"}
	}
	return object{"type": "string"}
}

func successText(status int) string {
	switch status {
	case http.StatusCreated:
		return "Created."
	case http.StatusAccepted:
		return "Accepted: it waits, for work or for a person."
	case http.StatusNoContent:
		return "Done; there is no body."
	}
	return "Success."
}

// failure refers to the response of a family, a status and a set of codes.
func (d *drawing) failure(route web.Route, status int, failing []web.Failing) object {
	codes := make([]string, len(failing))
	for i, f := range failing {
		codes[i] = f.Code
	}
	name := camel(route.Family) + strings.ReplaceAll(statusText(status), " ", "")
	response := object{
		"description": failureText(failing), "headers": d.failureHeaders(route, status),
		"content": object{problemMedia(route): object{"schema": d.problem(route, codes)}},
	}
	return d.response(name, response)
}

func (d *drawing) failureHeaders(route web.Route, status int) object {
	headers := object{}
	d.header(headers, "X-Request-Id")
	if route.Rate != "" {
		d.header(headers, "RateLimit", "RateLimit-Policy")
	}
	switch status {
	case http.StatusUnauthorized:
		d.header(headers, "WWW-Authenticate")
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		d.header(headers, "Retry-After")
	}
	return headers
}

// response stores a response under a name, numbered where a route fails in
// other ways than another of its family, and returns the reference.
func (d *drawing) response(name string, response object) object {
	raw, err := encode(response)
	if err != nil {
		return response
	}
	unique := name
	for n := 2; d.encoded["response "+unique] != "" && d.encoded["response "+unique] != string(raw); n++ {
		unique = name + strconv.Itoa(n)
	}
	d.encoded["response "+unique], d.responses[unique] = string(raw), response
	return object{"$ref": "#/components/responses/" + unique}
}

// failureText says what each code means.
func failureText(failing []web.Failing) string {
	lines := make([]string, len(failing))
	for i, f := range failing {
		meaning, _ := soc.MeaningOf(f.Core)
		lines[i] = "`" + f.Code + "`: " + meaning.Meaning
	}
	return strings.Join(lines, "\n\n")
}

func problemMedia(route web.Route) string {
	media, _ := route.Door().Problem(web.Failure{Err: &soc.Error{Kind: soc.Internal, Code: soc.CodeInternalError}, Status: http.StatusInternalServerError})
	return media
}

// problem is the family's error body with the codes it can hold here.
func (d *drawing) problem(route web.Route, codes []string) object {
	t := route.Door().ProblemType
	base, known := d.problems[route.Family]
	if !known {
		base = schemas.Parts(schemas.AnswerType(t), t, func(t reflect.Type, part map[string]any) map[string]any {
			return d.component(typeName(route, t), part)
		})
		d.problems[route.Family] = base
	}
	return object{"allOf": []any{base, codeSchema(t, codes)}}
}

// codeSchema narrows the code, wherever the family's body holds it: at its top,
// or in an error that is an object or the code itself.
func codeSchema(t reflect.Type, codes []string) object {
	code := object{"type": "string", "enum": codes}
	inner, nested := t.FieldByName("Error")
	switch {
	case !nested:
		return object{"type": "object", "properties": object{"code": code}}
	case inner.Type.Kind() == reflect.Struct:
		return object{"type": "object", "properties": object{"error": object{"type": "object", "properties": object{"code": code}}}}
	}
	return object{"type": "object", "properties": object{"error": code}}
}
