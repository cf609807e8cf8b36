package console

import (
	"fmt"
	"net/url"
	"reflect"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// stated is the query that an input was read from, without where its list goes
// on: what a link to the same list holds.
func stated(in any) url.Values {
	values := url.Values{}
	v := reflect.ValueOf(in)
	for i := range v.NumField() {
		name, is := v.Type().Field(i).Tag.Lookup("query")
		if !is || name == "after" || v.Field(i).IsZero() {
			continue
		}
		if many, is := v.Field(i).Interface().([]string); is {
			values[name] = many
			continue
		}
		values.Set(name, fmt.Sprint(v.Field(i).Interface()))
	}
	return values
}

func pageBinding(by soc.Actor, list string, in any) web.Binding {
	return web.Binding{Endpoint: "console " + list, Principal: by.ID, Workspace: by.Workspace, Filters: stated(in)}
}

// position opens the token that a list goes on from; nil for its beginning. The
// token is good for this person, list and filter only.
func (c *Console) position(by soc.Actor, list, token string, in any) (*soc.Keyset, error) {
	if token == "" {
		return nil, nil
	}
	var position soc.Keyset
	if err := c.seal.OpenJSON(pageBinding(by, list, in), token, &position); err != nil {
		return nil, err
	}
	return &position, nil
}

// more is the address of the next page of a list, "" at its end. address is
// that of the list, in the member tagged `query:"after"` the token comes back.
func (c *Console) more(by soc.Actor, address, list string, in any, next *soc.Keyset) (string, error) {
	if next == nil {
		return "", nil
	}
	token, err := c.seal.SealJSON(pageBinding(by, list, in), next)
	if err != nil {
		return "", err
	}
	query := stated(in)
	query.Set("after", token)
	return address + "?" + query.Encode(), nil
}
