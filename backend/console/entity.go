package console

import (
	"context"
	"net/http"
	"strings"
	"time"

	"vedette/backend/soc"
)

// entityRows is how many alerts and incidents one page of a search shows.
const entityRows = 50

type entityQuery struct {
	Kind  string `query:"kind" enum:"account,host,ip,url,domain,file,file_hash,process,mailbox,mail_message,registry_key,registry_value,cloud_resource,application,other"`
	Value string `query:"value" max:"2048"`
	After string `query:"after" max:"2000"`
}

type oneEntity struct {
	Entity string `path:"entity" max:"64"`
}

type suppressForm struct {
	Entity string `path:"entity" max:"64"`
	Days   int64  `form:"days"`
	Source string `form:"source" max:"64"`
	Reason string `form:"reason" max:"1000"`
}

type promoteForm struct {
	Entity   string `path:"entity" max:"64"`
	Incident string `form:"incident" max:"64"`
	Evidence string `form:"evidence" max:"200"`
	Reason   string `form:"reason" max:"4000"`
}

type liftForm struct {
	Entity      string `path:"entity" max:"64"`
	Suppression string `form:"suppression" max:"36"`
}

// entitySearch is a value with where it was seen.
type entitySearch struct {
	In    entityQuery
	Kinds []soc.EntityKind
	Found soc.ObservablePage
	Next  string
}

// entityPage is an entity of one incident with what the workspace knows of its
// value.
type entityPage struct {
	soc.EntityDetail
	Related soc.RelatedPage
	Seen    soc.ObservablePage
	// History counts the standing verdicts of the incidents listed.
	History  []verdictCount
	Suppress bool
	// Promote is true where the person may vouch for it.
	Promote bool
}

type verdictCount struct {
	Verdict soc.Verdict
	N       int
}

// registerEntities adds the search for a value, and the page of one entity.
func (c *Console) registerEntities() {
	add(c, Page{
		Method: http.MethodGet, Path: "/entities", Name: "entities_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Entities", Key: "e", Order: 40},
	}, c.entitySearch)
	const one = "/entities/{entity}"
	add(c, Page{Method: http.MethodGet, Path: one, Name: "entity_page", Who: Member, Role: soc.RoleViewer, Section: "/entities"}, c.entityPage)
	form := func(verb, name string) Page {
		return Page{Method: http.MethodPost, Path: one + verb, Name: name, Who: Member, Role: soc.RoleSenior, Back: one, Section: "/entities"}
	}
	add(c, form("/suppress", "suppress_observable"), c.suppress)
	add(c, form("/lift", "lift_suppression"), c.lift)
	add(c, form("/promote", "promote_entity"), c.promote)
}

func (c *Console) entitySearch(ctx context.Context, by soc.Actor, in entityQuery) (View, error) {
	view := entitySearch{In: in, Kinds: soc.AllEntityKinds}
	if in.Value == "" {
		return View{Template: "entities", Title: "Entities", Data: view}, nil
	}
	query := soc.ObservableQuery{Kind: soc.EntityKind(in.Kind), Value: strings.TrimSpace(in.Value), Limit: entityRows}
	if in.Kind == "" {
		query.Kind = kindOf(query.Value)
		view.In.Kind = string(query.Kind)
	}
	binding := pageBinding(by, "entities", in)
	if in.After != "" {
		query.After = &soc.ObservablePosition{}
		if err := c.seal.OpenJSON(binding, in.After, query.After); err != nil {
			return View{}, err
		}
	}
	var err error
	if view.Found, err = c.desk.SearchObservable(ctx, by, query); err != nil {
		return View{}, err
	}
	if view.Found.Next != nil {
		token, err := c.seal.SealJSON(binding, view.Found.Next)
		if err != nil {
			return View{}, err
		}
		next := stated(in)
		next.Set("after", token)
		view.Next = withQuery(c.at(by, "/entities"), next)
	}
	return View{Template: "entities", Title: "Entities", Data: view}, nil
}

// guessed are the kinds that a value can be told by, most telling first.
var guessed = []soc.EntityKind{soc.KindIP, soc.KindFileHash, soc.KindURL, soc.KindMailbox, soc.KindDomain, soc.KindHost, soc.KindAccount}

// kindOf guesses what kind a value is, where the person did not say.
func kindOf(value string) soc.EntityKind {
	for _, kind := range guessed {
		if _, valid := soc.CanonicalValue(kind, value); valid {
			return kind
		}
	}
	return soc.KindOther
}

func (c *Console) entityPage(ctx context.Context, by soc.Actor, in oneEntity) (View, error) {
	detail, err := c.desk.GetEntity(ctx, by, in.Entity)
	if err != nil {
		return View{}, err
	}
	page := entityPage{EntityDetail: detail, Suppress: by.May("", soc.RoleSenior) == nil && detail.Entity.Kind != soc.KindOther}
	page.Promote = by.DecidingRole().AtLeast(soc.RoleSenior) && detail.Entity.Provenance == soc.ProvenanceParsed
	if page.Related, err = c.desk.FindRelated(ctx, by, soc.RelatedQuery{Entity: in.Entity, Limit: entityRows}); err != nil {
		return View{}, err
	}
	if page.Seen, err = c.desk.SearchObservable(ctx, by, soc.ObservableQuery{Kind: detail.Entity.Kind, Value: detail.Entity.Value, Limit: entityRows}); err != nil {
		return View{}, err
	}
	for _, verdict := range soc.AllVerdicts {
		n := 0
		for _, i := range page.Related.Rows {
			if i.Verdict == verdict {
				n++
			}
		}
		if n > 0 {
			page.History = append(page.History, verdictCount{verdict, n})
		}
	}
	return View{Template: "entity", Title: "Entity " + in.Entity, Data: page}, nil
}

func (c *Console) suppress(ctx context.Context, by soc.Actor, in suppressForm) (View, error) {
	detail, err := c.desk.GetEntity(ctx, by, in.Entity)
	if err != nil {
		return View{}, err
	}
	if in.Days < 1 || in.Days > 366 {
		return View{}, soc.InvalidField("days", "must be 1 to 366")
	}
	if strings.TrimSpace(in.Reason) == "" {
		return View{}, soc.InvalidField("reason", "must say why it is noise")
	}
	_, err = c.desk.SuppressObservable(ctx, by, soc.NewSuppression{
		Kind: detail.Entity.Kind, Value: detail.Entity.Value, Source: in.Source, Reason: in.Reason, Until: c.now().Add(time.Duration(in.Days) * 24 * time.Hour),
	})
	return View{Redirect: c.at(by, "/entities", in.Entity), Notice: "suppressed"}, err
}

func (c *Console) lift(ctx context.Context, by soc.Actor, in liftForm) (View, error) {
	_, err := c.desk.LiftSuppression(ctx, by, in.Suppression)
	return View{Redirect: c.at(by, "/entities", in.Entity), Notice: "lifted"}, err
}

func (c *Console) promote(ctx context.Context, by soc.Actor, in promoteForm) (View, error) {
	_, err := c.desk.PromoteEntity(ctx, by, soc.Promotion{
		Incident: in.Incident, Entity: in.Entity, Reason: in.Reason, Evidence: strings.FieldsFunc(in.Evidence, func(r rune) bool { return r == ',' || r == ' ' }),
	})
	return View{Redirect: c.at(by, "/entities", in.Entity), Notice: "promoted"}, err
}
