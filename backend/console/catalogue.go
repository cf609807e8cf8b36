package console

import (
	"context"
	"maps"
	"net/http"

	"vedette/backend/soc"
)

type playbookReasonForm struct {
	Playbook string `path:"playbook" max:"64"`
	Reason   string `form:"reason" max:"1000"`
}

// registerSwitches adds switching playbooks off and, with a second person, on.
func (c *Console) registerSwitches() {
	one := "/playbooks/{playbook}"
	add(c, Page{Method: http.MethodPost, Path: one + "/disable", Name: "disable_playbook", Who: Member, Role: soc.RoleManager, Back: "/playbooks"}, c.switchPlaybook(false))
	add(c, Page{Method: http.MethodPost, Path: one + "/enable", Name: "enable_playbook", Who: Member, Role: soc.RoleManager, Back: "/playbooks"}, c.switchPlaybook(true))
}

func (c *Console) switchPlaybook(on bool) func(context.Context, soc.Actor, playbookReasonForm) (View, error) {
	return func(ctx context.Context, by soc.Actor, in playbookReasonForm) (View, error) {
		out, err := c.desk.SwitchPlaybook(ctx, by, in.Playbook, on, in.Reason)
		switch {
		case err != nil:
			return View{}, err
		case out.Change != nil:
			return View{Redirect: c.at(by, "/changes", out.Change.ID), Notice: "change-asked"}, nil
		case !out.Made:
			return View{Redirect: c.at(by, "/playbooks"), Notice: "playbook-unchanged"}, nil
		}
		return View{Redirect: c.at(by, "/playbooks"), Notice: "playbook-disabled"}, nil
	}
}

func init() {
	maps.Copy(notices, map[string]string{
		"playbook-disabled":  "The playbook is switched off at every door.",
		"playbook-unchanged": "The playbook is so already; nothing was changed.",
	})
}
