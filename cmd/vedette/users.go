package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vedette/backend/soc"
)

type usersCommand struct {
	Add     addUserCommand     `cmd:"" help:"Add a person. The first one makes the organization."`
	List    listUsersCommand   `cmd:"" help:"List people."`
	Passwd  passwdCommand      `cmd:"" help:"Give a person a new password; their sessions end."`
	Disable disableUserCommand `cmd:"" help:"Shut a person out at once."`
	Enable  enableUserCommand  `cmd:"" help:"Let a disabled person in again."`
	Grant   grantCommand       `cmd:"" help:"Give a person a role in a workspace, or take it away."`

	ResetSecondFactor   resetFactorCommand   `cmd:"" help:"Take away the second factor of a person who lost it; their sessions end."`
	RequireSecondFactor requireFactorCommand `cmd:"" help:"Say which roles must have a second factor."`
}

// passwordSource is where a password comes from: never an argument, which
// other users of the machine could see.
type passwordSource struct {
	PasswordStdin bool `env:"-" help:"Read the password from standard input; otherwise one is made up and printed once."`
}

func (p passwordSource) read(e *environment) (password string, drawn bool, err error) {
	if !p.PasswordStdin {
		return drawPassword(), true, nil
	}
	line, err := bufio.NewReader(e.in).ReadString('\n')
	if password = strings.TrimRight(line, "\r\n"); password == "" {
		return "", false, fmt.Errorf("standard input holds no password: %w", err)
	}
	return password, false, nil
}

// drawPassword makes a password of 100 random bits in groups that can be typed.
func drawPassword() string {
	for {
		text := strings.ToLower(rand.Text())
		password := text[0:5] + "-" + text[5:10] + "-" + text[10:15] + "-" + text[15:20]
		if soc.CheckPassword("", password, "") == nil {
			return password
		}
	}
}

type addUserCommand struct {
	Email        string `arg:"" help:"Mail address, the name to sign in with."`
	Name         string `help:"Name as others see it." placeholder:"NAME"`
	Organization string `help:"Organization by name or id." placeholder:"NAME"`
	Admin        bool   `help:"Make an admin of the organization, who configures and decides nothing."`
	Workspace    string `help:"Workspace of the role, by id or name." placeholder:"WORKSPACE"`
	Role         string `enum:",viewer,analyst,senior,manager,admin" default:"" help:"Role in the workspace: viewer, analyst, senior, manager or admin." placeholder:"ROLE"`
	passwordSource
}

func (c *addUserCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "users add")
	if err != nil {
		return err
	}
	defer l.close()
	grants := map[string]soc.Role{}
	if (c.Workspace == "") != (c.Role == "") {
		return soc.InvalidField("--role", "Goes with --workspace.")
	}
	if c.Workspace != "" {
		w, err := l.workspace(ctx, c.Workspace)
		if err != nil {
			return err
		}
		grants[w.ID] = soc.Role(c.Role)
	}
	o, err := l.organizationOrNew(ctx, c.Organization)
	if err != nil {
		return err
	}
	password, drawn, err := c.read(e)
	if err != nil {
		return err
	}
	name := c.Name
	if name == "" {
		name, _, _ = strings.Cut(c.Email, "@")
	}
	person, err := l.desk.CreatePerson(ctx, l.host, soc.NewPerson{
		Organization: o.ID, Email: c.Email, Name: name, Password: password, OrganizationAdmin: c.Admin, Grants: grants,
	})
	if err != nil {
		return err
	}
	return e.printPassword(person, password, drawn)
}

// printPassword shows a password that nobody else knows, once.
func (e *environment) printPassword(person soc.Person, password string, drawn bool) error {
	value, rows := personJSON(person), [][]string{{"person", person.ID}, {"email", person.Email}}
	if drawn {
		value["password"] = password
		rows = append(rows, []string{"password", password, "(shown once)"})
	}
	return e.print(value, rows)
}

func personJSON(p soc.Person) map[string]any {
	return map[string]any{
		"id": p.ID, "email": p.Email, "name": p.Name, "organization": p.Organization, "admin": p.OrganizationAdmin,
		"disabled": p.Disabled, "second_factor": p.SecondFactor, "roles": p.Grants, "created_at": timeJSON(p.CreatedAt),
	}
}

type listUsersCommand struct{}

func (listUsersCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "users list")
	if err != nil {
		return err
	}
	defer l.close()
	people, err := l.desk.ListPeople(ctx, l.host, "")
	if err != nil {
		return err
	}
	values, rows := make([]map[string]any, len(people)), [][]string{{"EMAIL", "NAME", "ROLES", "STATE", "ID"}}
	for i, p := range people {
		values[i] = personJSON(p)
		var roles []string
		if p.OrganizationAdmin {
			roles = append(roles, "organization=admin")
		}
		for _, workspace := range slices.Sorted(maps.Keys(p.Grants)) {
			roles = append(roles, workspace+"="+string(p.Grants[workspace]))
		}
		state := "active"
		if p.Disabled {
			state = "disabled"
		}
		rows = append(rows, []string{p.Email, p.Name, strings.Join(roles, " "), state, p.ID})
	}
	return e.print(map[string]any{"people": values}, rows)
}

type passwdCommand struct {
	Person string `arg:"" help:"Mail address or id."`
	passwordSource
}

func (c *passwdCommand) Run(ctx context.Context, e *environment) error {
	password, drawn, err := c.read(e)
	if err != nil {
		return err
	}
	return e.withPerson(ctx, "users passwd", c.Person, func(l *local, p soc.Person) error {
		if err := l.desk.ResetPassword(ctx, l.host, p.ID, password); err != nil {
			return err
		}
		return e.printPassword(p, password, drawn)
	})
}

type disableUserCommand struct {
	Person string `arg:"" help:"Mail address or id."`
}

func (c *disableUserCommand) Run(ctx context.Context, e *environment) error {
	return e.withPerson(ctx, "users disable", c.Person, func(l *local, p soc.Person) error {
		if err := l.desk.DisablePerson(ctx, l.host, p.ID, ""); err != nil {
			return err
		}
		p.Disabled = true
		return e.print(personJSON(p), [][]string{{"disabled", p.Email}})
	})
}

type enableUserCommand struct {
	Person string `arg:"" help:"Mail address or id."`
}

func (c *enableUserCommand) Run(ctx context.Context, e *environment) error {
	return e.withPerson(ctx, "users enable", c.Person, func(l *local, p soc.Person) error {
		if err := l.desk.EnablePerson(ctx, l.host, p.ID); err != nil {
			return err
		}
		p.Disabled = false
		return e.print(personJSON(p), [][]string{{"enabled", p.Email}})
	})
}

type resetFactorCommand struct {
	Person string `arg:"" help:"Mail address or id."`
}

func (c *resetFactorCommand) Run(ctx context.Context, e *environment) error {
	return e.withPerson(ctx, "users reset-second-factor", c.Person, func(l *local, p soc.Person) error {
		if err := l.desk.ResetSecondFactor(ctx, l.host, p.ID); err != nil {
			return err
		}
		p.SecondFactor = false
		return e.print(personJSON(p), [][]string{{"second factor removed", p.Email}})
	})
}

type requireFactorCommand struct {
	Roles        []string `arg:"" optional:"" help:"viewer, analyst, senior, manager, admin; none for nobody."`
	Organization string   `help:"Organization by name or id." placeholder:"NAME"`
}

func (c *requireFactorCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "users require-second-factor")
	if err != nil {
		return err
	}
	defer l.close()
	o, err := l.organization(ctx, c.Organization)
	if err != nil {
		return err
	}
	roles := make([]soc.Role, len(c.Roles))
	for i, role := range c.Roles {
		roles[i] = soc.Role(role)
	}
	if o, err = l.desk.RequireSecondFactor(ctx, l.host, o.ID, roles); err != nil {
		return err
	}
	rows := [][]string{{"ROLE"}}
	for _, role := range o.SecondFactorRoles {
		rows = append(rows, []string{string(role)})
	}
	return e.print(map[string]any{"organization": o.ID, "second_factor_roles": o.SecondFactorRoles}, rows)
}

type grantCommand struct {
	Person    string `arg:"" help:"Mail address or id."`
	Workspace string `arg:"" help:"Workspace by id or name."`
	Role      string `arg:"" enum:"viewer,analyst,senior,manager,admin,none" help:"viewer, analyst, senior, manager, admin, or none to take the role away."`
}

func (c *grantCommand) Run(ctx context.Context, e *environment) error {
	return e.withPerson(ctx, "users grant", c.Person, func(l *local, p soc.Person) error {
		w, err := l.workspace(ctx, c.Workspace)
		if err != nil {
			return err
		}
		role := soc.Role(c.Role)
		if c.Role == "none" {
			role = soc.RoleNone
		}
		if err := l.desk.GrantRole(ctx, l.host, soc.WorkspaceGrant{Person: p.ID, Workspace: w.ID, Role: role}); err != nil {
			return err
		}
		if p, err = l.desk.FindPerson(ctx, l.host, p.ID); err != nil {
			return err
		}
		return e.print(personJSON(p), [][]string{{p.Email, w.Name, c.Role}})
	})
}

// withPerson opens the database, finds a person and goes on.
func (e *environment) withPerson(ctx context.Context, operation, name string, next func(*local, soc.Person) error) error {
	l, err := e.openLocal(ctx, operation)
	if err != nil {
		return err
	}
	defer l.close()
	person, err := l.desk.FindPerson(ctx, l.host, name)
	if err != nil {
		return err
	}
	return next(l, person)
}
