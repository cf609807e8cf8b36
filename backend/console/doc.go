// Package console is the operator's web pages. A page is drawn from what the
// desk says; everything that changes something goes through the same
// operations as the ops API.
//
// # How to add a page
//
// Four things, and no fifth:
//
//  1. A file of the page's noun with an input type, a handler and its line in
//     the table:
//
//     type incidentList struct {
//     Status string `query:"status" enum:"New,Active,Closed"`
//     Search string `query:"q" max:"200"`
//     After  string `query:"after" max:"2000"`
//     }
//
//     func (c *Console) registerIncidents() {
//     add(c, Page{
//     Method: http.MethodGet, Path: "/incidents", Name: "incidents_page", Who: Member, Role: soc.RoleViewer,
//     Nav: &Nav{Title: "Incidents", Key: "i", Order: 20},
//     }, c.incidents)
//     }
//
//     func (c *Console) incidents(ctx context.Context, by soc.Actor, in incidentList) (View, error) {
//     page, err := c.desk.ListIncidents(ctx, by, ...)
//     return View{Template: "incidents", Title: "Incidents", Data: page}, err
//     }
//
//  2. c.registerIncidents() in the list of register (console.go).
//
//  3. template/incidents.html with {{define "main"}}. Its dot is the Frame:
//     {{.Data}} is what the handler gave, {{.Base}} stands before every link of
//     the workspace, {{.May "senior"}} and {{.Person}} say who looks.
//
//  4. A row in the examples of matrix_test.go. A page without one fails there.
//
// Path is below the workspace (/console/w/{workspace}) for Who Member and below
// /console otherwise. The handler gets the actor already narrowed to the
// workspace, with the door named for the audit. Its error becomes a page with
// the code, the fields and the next step; nothing else need be written for it.
//
// # Forms
//
// Whatever changes something is a POST with Page.Method POST. The form holds
// {{template "token" $}} and nothing hidden that a person could not see or that
// the desk would believe. The handler returns View{Redirect: c.at(by,
// "/incidents", id), Notice: "commented"}; the word of the notice is in the
// table of notice.go. Where the desk refuses, the page named by Page.Back is
// drawn again with the refusal on top, and {{.Was "reason"}} is what had been
// typed. A sign-in that is too old leads over the page that proves it again and
// back to Page.Back. A destructive form first says what it will do: draw a
// "confirm" part, or a page of its own, so that it works without scripts.
//
// # Live
//
// <section id="queue" data-live="gamebook kill"> is fetched again and swapped
// in whenever something of that topic happened in the workspace. Topics are
// incident, incident:ID, gamebook, gamebook:ID, kill, and the first word of an
// audit event, such as webhook, policy, connector or run. With data-live-mode
// "notice" it is not swapped, and says instead that it has changed: for what
// people are deciding on. The element must have an id that is once on the page.
//
// # Parts (template/parts.html)
//
// token, confirm, pager, empty, badge, severity, class, excerpt, clock, ago; and the functions
// when, until, seg, words, list. See the head of that file.
//
// # What must never be here
//
// A rule, SQL, a script or style from elsewhere, markup made of text that came
// from outside (template.HTML is not used), a GET that changes something.
package console
