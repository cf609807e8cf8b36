package console

import (
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"vedette/backend/soc"
)

const (
	// maxForm is the most bytes of a form without files.
	maxForm = 64 << 10
	// maxField is the most bytes of a field that does not say another limit.
	maxField = 4096
)

// own are the names that the house gives a meaning on every page: what was
// done, and where to go afterwards.
var own = []string{"done", "token"}

// field is one member of an input type: where it comes from, and its bounds.
type field struct {
	index      []int  // several where it stands in an embedded type
	from, name string // path, query, form or header
	max        int
	enum       []string
	many       bool
	// group takes every field whose name begins with this one's.
	group bool
}

// takes reports whether what a request calls name belongs to the field.
func (f field) takes(from, name string) bool {
	return f.from == from && (f.name == name || f.group && strings.HasPrefix(name, f.name))
}

// maxGroup is the most fields of a group.
const maxGroup = 64

// binding fills an input type from a request. Members are string, bool, int,
// []string, map[string]string or an encoding.TextUnmarshaler, also of an embedded type, with the tag path, query, form or header;
// `max:"200"` bounds the bytes, `enum:"a,b"` closes the set. The tag of a map is
// what the names of its fields begin with; their rest are the map's keys.
type binding struct {
	of     reflect.Type
	fields []field
}

func newBinding(of reflect.Type, r *route) (*binding, error) {
	b := &binding{of: of}
	var faults []error
	for _, member := range reflect.VisibleFields(of) {
		if member.Anonymous {
			continue // its own members come by themselves
		}
		f := field{index: member.Index, max: maxField, many: member.Type == reflect.TypeFor[[]string](), group: member.Type == reflect.TypeFor[map[string]string]()}
		for _, from := range []string{"path", "query", "form", "header"} {
			if name, tagged := member.Tag.Lookup(from); tagged {
				f.from, f.name = from, name
			}
		}
		if text, stated := member.Tag.Lookup("max"); stated {
			var err error
			if f.max, err = strconv.Atoi(text); err != nil {
				faults = append(faults, fmt.Errorf("%s: max %q", member.Name, text))
			}
		}
		if text := member.Tag.Get("enum"); text != "" {
			f.enum = strings.Split(text, ",")
		}
		switch {
		case f.from == "":
			faults = append(faults, fmt.Errorf("%s has no tag path, query, form or header", member.Name))
		case f.group && f.from != "form":
			faults = append(faults, fmt.Errorf("%s: a group is of a form", member.Name))
		case f.from == "form" && r.Method != http.MethodPost:
			faults = append(faults, fmt.Errorf("%s: a GET has no form", member.Name))
		case f.from == "path" && !strings.Contains(r.pattern, "{"+f.name+"}"):
			faults = append(faults, fmt.Errorf("%s is not in the path", member.Name))
		case slices.Contains(own, f.name):
			faults = append(faults, fmt.Errorf("%s: the name %s is the house's", member.Name, f.name))
		}
		b.fields = append(b.fields, f)
	}
	return b, errors.Join(faults...)
}

// bind reads a request. Fields that the page does not know are refused.
func (b *binding) bind(req *http.Request, form url.Values) (reflect.Value, error) {
	in := reflect.New(b.of).Elem()
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return in, soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The address is malformed.")
	}
	failure := soc.Errorf(soc.Invalid, soc.CodeValidationError, "The form is not as it should be.")
	for _, part := range []struct {
		from   string
		values url.Values
	}{{"query", query}, {"form", form}} {
		for name := range part.values {
			known := slices.ContainsFunc(b.fields, func(f field) bool { return f.takes(part.from, name) })
			if !known && !slices.Contains(own, name) {
				failure.WithField(soc.EscapeVisible(name), "is no field of this page")
			}
		}
	}
	for _, f := range b.fields {
		if f.group {
			if err := f.setGroup(in.FieldByIndex(f.index), form); err != nil {
				failure.WithField(f.name, "%s", err)
			}
			continue
		}
		var values []string
		switch f.from {
		case "path":
			value, err := url.PathUnescape(chi.URLParam(req, f.name))
			if err != nil {
				return in, soc.NotFoundf("There is no such object.")
			}
			values = []string{value}
		case "query":
			values = query[f.name]
		case "form":
			values = form[f.name]
		case "header":
			values = req.Header.Values(f.name)
		}
		if err := f.set(in.FieldByIndex(f.index), values); err != nil {
			failure.WithField(f.name, "%s", err)
		}
	}
	if len(failure.Fields) > 0 {
		return in, failure
	}
	return in, nil
}

// setGroup fills a map from the fields of a form that belong to it; one that is
// left empty is not in it.
func (f field) setGroup(to reflect.Value, form url.Values) error {
	group := map[string]string{}
	for name, values := range form {
		if !f.takes("form", name) {
			continue
		}
		var value string
		one := f
		if err := one.set(reflect.ValueOf(&value).Elem(), values); err != nil {
			return err
		}
		if value != "" {
			group[strings.TrimPrefix(name, f.name)] = value
		}
	}
	if len(group) > maxGroup {
		return fmt.Errorf("must be at most %d", maxGroup)
	}
	to.Set(reflect.ValueOf(group))
	return nil
}

// set parses the values of one field. An empty one is as none at all: that is
// how browsers send a field left alone.
func (f field) set(to reflect.Value, values []string) error {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	for _, value := range values {
		switch {
		case len(value) > f.max:
			return fmt.Errorf("must be at most %d bytes", f.max)
		case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
			return errors.New("must be text")
		case f.enum != nil && !slices.Contains(f.enum, value):
			return fmt.Errorf("must be one of %s", strings.Join(f.enum, ", "))
		}
	}
	if f.many {
		to.Set(reflect.ValueOf(values))
		return nil
	}
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 {
		return errors.New("must be there once")
	}
	value := strings.ReplaceAll(values[0], "\r\n", "\n") // browsers send lines so
	if parsed, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return parsed.UnmarshalText([]byte(value))
	}
	switch to.Kind() {
	case reflect.String:
		to.SetString(value)
	case reflect.Bool:
		if value != "on" && value != "true" {
			return errors.New("must be on or left out")
		}
		to.SetBool(true)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return errors.New("must be a whole number")
		}
		to.SetInt(n)
	default:
		return fmt.Errorf("cannot be read into a %s", to.Type())
	}
	return nil
}
