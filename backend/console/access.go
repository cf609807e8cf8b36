package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

const accessRows = 50

type accessQuery struct {
	After string `query:"after" max:"2000"`
}

type keyQuery struct {
	State string `query:"state" enum:"live,expired,revoked"`
	After string `query:"after" max:"2000"`
}

type onePerson struct {
	Person string `path:"person" max:"64"`
	Reason string `form:"reason" max:"1000"`
}

type oneKey struct {
	Key string `path:"key" max:"64"`
}

type peopleList struct {
	Rows []soc.Person
	Next string
}

type keyList struct {
	Query keyQuery
	Rows  []keyRow
	Next  string
}

// keyRow is a key or a service account, with how it is now.
type keyRow struct {
	soc.Credential
	State soc.CredentialState
	// Collect says that the secret waits for whoever looks.
	Collect bool
}

// registerAccess adds the lists of who and what may come in.
func (c *Console) registerAccess() {
	add(c, Page{
		Method: http.MethodGet, Path: "/people", Name: "people_page", Who: Member, Role: soc.RoleManager,
		Nav: &Nav{Title: "People", Key: "m", Order: 84},
	}, c.people)
	add(c, Page{
		Method: http.MethodGet, Path: "/keys", Name: "keys_page", Who: Member, Role: soc.RoleManager,
		Nav: &Nav{Title: "Keys", Key: "y", Order: 86},
	}, c.keys)
}

func (c *Console) people(ctx context.Context, by soc.Actor, in accessQuery) (View, error) {
	after, err := c.position(by, "people", in.After, in)
	if err != nil {
		return View{}, err
	}
	rows, next, err := c.desk.ListMembers(ctx, by, after, accessRows)
	if err != nil {
		return View{}, err
	}
	more, err := c.more(by, c.at(by, "/people"), "people", in, next)
	return View{Template: "people", Title: "People", Data: peopleList{rows, more}}, err
}

func (c *Console) keys(ctx context.Context, by soc.Actor, in keyQuery) (View, error) {
	after, err := c.position(by, "keys", in.After, in)
	if err != nil {
		return View{}, err
	}
	found, next, err := c.desk.ListCredentials(ctx, by, soc.CredentialFilter{State: soc.CredentialState(in.State), After: after, Limit: accessRows})
	if err != nil {
		return View{}, err
	}
	list := keyList{Query: in, Rows: make([]keyRow, len(found))}
	for i, credential := range found {
		list.Rows[i] = keyRow{credential, credential.StateAt(c.now()), credential.Prefix == "" && credential.OAuthClient == "" && credential.CreatedBy == by.ID}
	}
	list.Next, err = c.more(by, c.at(by, "/keys"), "keys", in, next)
	return View{Template: "keys", Title: "Keys", Data: list}, err
}
