package openapi

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// operation draws one route.
func (d *drawing) operation(route web.Route, id string) object {
	op := object{
		"operationId": id, "summary": strings.TrimSuffix(route.Summary, "."), "description": describe(route),
		"tags": []string{tagOf(route)}, "security": d.securityOf(route), "responses": d.responsesOf(route, id),
	}
	if parameters := d.parametersOf(route); len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if body := d.bodyOf(route, id); body != nil {
		op["requestBody"] = body
	}
	return op
}

// describe says in words who may call and what it costs.
func describe(route web.Route) string {
	var text strings.Builder
	text.WriteString(route.Summary)
	if !strings.HasSuffix(route.Summary, ".") {
		text.WriteString(".")
	}
	switch route.Who {
	case web.Anyone:
		text.WriteString("\n\nNeeds no credential.")
	case web.Signed:
		text.WriteString("\n\nNeeds any live credential.")
	case web.Scoped:
		scopes := "`" + string(route.Scope) + "`"
		if route.Or != "" {
			scopes += " or `" + string(route.Or) + "`"
		}
		text.WriteString("\n\nNeeds scope " + scopes + leastRole(route) + ".")
	case web.Person:
		text.WriteString("\n\nNeeds the session of a person" + leastRole(route) + "; no key may call it.")
	}
	if route.Fresh {
		text.WriteString(" The sign-in must be at most five minutes old.")
	}
	if len(route.Kinds) > 0 {
		text.WriteString(" Principals: " + joined(route.Kinds) + ".")
	}
	if route.Rate != "" {
		text.WriteString(" Rate class `" + route.Rate + "`, " + strconv.Itoa(route.Door().Rates[route.Rate]) + " a minute and credential.")
	}
	if route.MaxBody != web.DefaultMaxBody && route.BodyType != nil {
		text.WriteString(" The body may have " + strconv.FormatInt(route.MaxBody, 10) + " bytes.")
	}
	return text.String()
}

func leastRole(route web.Route) string {
	if route.MinRole == "" {
		return ""
	}
	return " and role `" + string(route.MinRole) + "` or above in the workspace"
}

func joined(kinds []soc.PrincipalKind) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = string(kind)
	}
	return strings.Join(words, ", ")
}

// securityOf names the schemes and, where they are needed, the scope.
func (d *drawing) securityOf(route web.Route) []object {
	needs := []string{}
	if route.Scope != "" {
		needs = append(needs, string(route.Scope))
	}
	var any []object
	door := route.Door()
	bearer := route.Who == web.Scoped || route.Who == web.Signed
	if bearer && door.Basic {
		d.security["basic"] = object{"type": "http", "scheme": "basic", "description": "Client id and secret of a service account."}
		any = append(any, object{"basic": needs})
	}
	if bearer {
		d.security["bearer"] = object{"type": "http", "scheme": "bearer", "description": "A key. What it may do is fixed by its scopes, its role and its workspaces."}
		any = append(any, object{"bearer": needs})
	}
	if door.Cookies == web.CookiesAccepted && route.Who != web.Anyone || route.Who == web.Person {
		d.security["session"] = object{
			"type": "apiKey", "in": "cookie", "name": d.facts.Cookie,
			"description": "The session of a person, by `POST /api/ops/v1/session`. A key beside it is refused.",
		}
		any = append(any, object{"session": []string{}})
	}
	if any == nil {
		return []object{}
	}
	return any
}

// bodyOf draws what a route reads. A body whose members are all optional is
// itself optional, since none equals {}.
func (d *drawing) bodyOf(route web.Route, id string) object {
	if route.BodyType == nil {
		return nil
	}
	content := object{}
	if route.BodySchema == nil {
		for _, media := range route.Media {
			content[media] = object{"schema": rawSchema(media, route.Parts)}
		}
		return object{"required": true, "content": content}
	}
	schema := d.named(route, camel(id)+"Request", route.BodySchema, route.BodyType)
	content["application/json"] = exemplified(object{"schema": schema}, route.BodySchema, false)
	var root struct {
		Required []string `json:"required"`
	}
	_ = json.Unmarshal(route.BodySchema, &root) // drawn by schemas
	return object{"required": len(root.Required) > 0, "content": content}
}

// exemplified adds an example to what describes a body, where one is known.
func exemplified(media object, schema json.RawMessage, whole bool) object {
	if value, ok := schemas.Example(schema, whole); ok {
		media["example"] = value
	}
	return media
}

// rawSchema describes bodies that an operation reads itself.
func rawSchema(media string, parts []string) object {
	switch media {
	case "application/json":
		return object{"description": "One object, or an array of them, of another product's form. Items are judged one by one.", "oneOf": []object{
			{"type": "object"}, {"type": "array", "items": object{}},
		}}
	case "multipart/form-data":
		properties := object{"file": object{"type": "string", "contentMediaType": "application/octet-stream", "description": "The bytes, with a file name."}}
		for _, part := range parts {
			properties[part] = object{"type": "string"}
		}
		if len(parts) == 0 {
			properties["description"] = object{"type": "string", "maxLength": 1000}
		}
		return object{"type": "object", "required": []string{"file"}, "additionalProperties": false, "properties": properties}
	}
	return object{"type": "string", "description": "One JSON object per line."}
}

// named moves the structs of a schema into components. root is the name of the
// whole where its type has none.
func (d *drawing) named(route web.Route, root string, schema json.RawMessage, t reflect.Type) object {
	whole := schemas.Parts(schema, t, func(t reflect.Type, part map[string]any) map[string]any {
		return d.component(typeName(route, t), part)
	})
	if root == "" || whole["$ref"] != nil {
		return whole
	}
	return d.component(root, whole)
}

// component stores a schema under a name and returns the reference. A type that
// is drawn in two ways (null is tolerated in requests alone) gets two names.
func (d *drawing) component(name string, schema object) object {
	raw, err := encode(schema)
	if err != nil {
		return schema
	}
	unique := name
	for n := 2; d.encoded[unique] != "" && d.encoded[unique] != string(raw); n++ {
		unique = name + strconv.Itoa(n)
	}
	d.encoded[unique], d.schemas[unique] = string(raw), schema
	return object{"$ref": "#/components/schemas/" + unique}
}

// typeName is the Go name; a type of a door carries the name of its family,
// since doors spell the same noun differently.
func typeName(route web.Route, t reflect.Type) string {
	name := t.Name()
	if open := strings.IndexByte(name, '['); open >= 0 {
		name = name[:open]
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if shared := []string{"vedette/schemas", "vedette/backend/soc"}; slices.Contains(shared, t.PkgPath()) {
		return name
	}
	family := camel(route.Family)
	return family + strings.TrimPrefix(name, family)
}
