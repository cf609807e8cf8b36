package web

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

// RawBody is the body of a route that reads something else than one JSON
// object, such as lines; the operation checks it.
type RawBody struct {
	// Media is the media type, one of Operation.Media, without parameters.
	Media string
	Data  []byte
}

// Stream is the body of a route that reads it while it comes, such as a file:
// nothing of it is read before the operation, which is bounded by the route's
// MaxBody and by a least rate (see streamRate). The field's tag is
// body:"stream".
type Stream struct {
	io.Reader
	// ContentType is the header as sent; its media type is one of
	// Operation.Media, "" for no body.
	ContentType string
	exchange    *exchange
}

// binding reads requests into one In type. Its fields have one of the tags
// path:"name", query:"name" (",required" where it is), header:"Name" and
// body:"json", body:"raw" or body:"stream"; jsonschema tags work on parameters as on members.
// A RawBody tagged body:"sent" beside body:"json" gets the bytes as they came.
// Embedded structs are looked into.
type binding struct {
	in         reflect.Type
	path       group
	query      group
	headers    []headerField
	body       bodyField
	sent       []int
	raw        bool
	stream     bool
	bodyType   *schemas.Validator
	bodySchema json.RawMessage
}

type headerField struct {
	name  string
	index []int
}

type bodyField struct {
	of    reflect.Type // nil without a body
	index []int
}

var (
	wildcard    = regexp.MustCompile(`\{[^}]*\}`)
	textDecoder = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// workspaceParameter is the path parameter that the pipeline itself reads.
const workspaceParameter = "workspaceId"

func newBinding(in reflect.Type, route *Route) (*binding, error) {
	b := &binding{in: in}
	if in.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the input must be a struct")
	}
	var path, query []reflect.StructField
	for _, field := range reflect.VisibleFields(in) {
		switch {
		case field.Anonymous:
			continue
		case field.Tag.Get("path") != "":
			path = append(path, b.path.add(field, "path", true))
		case field.Tag.Get("query") != "":
			query = append(query, b.query.add(field, "query", false))
		case field.Tag.Get("header") != "":
			if field.Type.Kind() != reflect.String && !reflect.PointerTo(field.Type).Implements(textDecoder) {
				return nil, fmt.Errorf("header field %s must be text or read text", field.Name)
			}
			b.headers = append(b.headers, headerField{field.Tag.Get("header"), field.Index})
		case field.Tag.Get("body") == "raw" && field.Type == reflect.TypeFor[RawBody]():
			b.body, b.raw = bodyField{field.Type, field.Index}, true
		case field.Tag.Get("body") == "stream" && field.Type == reflect.TypeFor[*Stream]():
			b.body, b.stream = bodyField{field.Type, field.Index}, true
		case field.Tag.Get("body") == "sent" && field.Type == reflect.TypeFor[RawBody]():
			b.sent = field.Index
		case field.Tag.Get("body") == "json":
			b.body = bodyField{field.Type, field.Index}
			b.bodySchema = schemas.RequestType(field.Type, schemas.REST)
			b.bodyType = schemas.MustCompile(schemas.EnforcedType(field.Type), schemas.REST)
		default:
			return nil, fmt.Errorf("field %s says not where it comes from", field.Name)
		}
	}
	if err := samePath(route.Path, b.path.names, route.family.WorkspaceInPath && !route.Organization); err != nil {
		return nil, err
	}
	return b, errors.Join(b.path.close(path), b.query.close(query))
}

// samePath checks that pattern and fields name the same parameters.
func samePath(pattern string, fields []string, workspace bool) error {
	var missing, inPath []string
	for _, parameter := range wildcard.FindAllString(pattern, -1) {
		name := strings.Trim(parameter, "{}")
		inPath = append(inPath, name)
		if !slices.Contains(fields, name) && !(workspace && name == workspaceParameter) {
			missing = append(missing, name)
		}
	}
	for _, field := range fields {
		if !slices.Contains(inPath, field) {
			return fmt.Errorf("path has no {%s}", field)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no field for path parameters %v", missing)
	}
	if workspace && !slices.Contains(inPath, workspaceParameter) {
		return fmt.Errorf("path has no {%s} and the route is not of the organization", workspaceParameter)
	}
	return nil
}

// bindHeaders reads the headers the input names; each may stand once.
func (b *binding) bindHeaders(header http.Header, in reflect.Value) error {
	for _, field := range b.headers {
		value, found, err := single(header, field.name)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		target := in.FieldByIndex(field.index)
		if decoder, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
			if err := decoder.UnmarshalText([]byte(value)); err != nil {
				return badRequest("The header %s is malformed: %v.", field.name, err)
			}
			continue
		}
		if !visible(value, maxToken) {
			return badRequest("The header %s must be 1 to %d visible ASCII characters.", field.name, maxToken)
		}
		target.SetString(value)
	}
	return nil
}

// bindBody reads a body. An empty one equals {}; a route without body fields
// takes nothing else. canonical is its RFC 8785 form, or its bytes if raw.
func (b *binding) bindBody(data []byte, media string, limits soc.JSONLimits, in reflect.Value) (canonical []byte, err error) {
	if b.raw {
		in.FieldByIndex(b.body.index).Set(reflect.ValueOf(RawBody{Media: media, Data: data}))
		return data, nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}")
	}
	if canonical, err = soc.CanonicalJSON(data, limits); err != nil {
		return nil, err
	}
	if b.bodyType == nil {
		if !bytes.Equal(canonical, []byte("{}")) {
			return nil, soc.InvalidField("", "This route takes no body, or {}.")
		}
		return canonical, nil
	}
	if b.sent != nil {
		in.FieldByIndex(b.sent).Set(reflect.ValueOf(RawBody{Media: media, Data: data}))
	}
	normal, faults := b.bodyType.Normalise(data)
	if faults != nil {
		return nil, faults.Err()
	}
	if err := json.Unmarshal(normal, in.FieldByIndex(b.body.index).Addr().Interface()); err != nil {
		return nil, fmt.Errorf("a body passed its schema and does not decode: %w", err)
	}
	return canonical, nil
}
