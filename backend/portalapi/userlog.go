package portalapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// registerLogs adds the logs about a user (portal-api.md section 10). Sign-ins
// are those of the agent tool list-signin-logs, from the evidence; of a
// directory's changes the evidence holds no kind, and no directory is connected.
func (d *door) registerLogs(registry *web.Registry, family *web.Family) {
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeAgentToolsRead, MinRole: soc.RoleViewer, Rate: "read"}
	web.Register(registry, family, at(read, workspacePath+"/investigation/users/signin-logs", "list_user_signins", "The sign-ins of a user in the evidence, newest first."), d.userSignins)
	web.Register(registry, family, at(read, workspacePath+"/investigation/users/directory-logs", "list_user_directory_logs", "The directory's changes about a user."), d.userDirectoryLogs)
}

type userLogInput struct {
	User string `query:"UserId,required" jsonschema:"minLength=1,maxLength=512" jsonschema_description:"UPN, mail or object id."`
	timeFilter
	auditNames
	Next string `query:"NextPageLink" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"nextPageLink of the answer before."`
}

func (d *door) userSignins(ctx context.Context, by soc.Actor, in userLogInput) (web.Reply[signinLogs], error) {
	return d.toolSigninLogs(ctx, by, toolSigninInput{userInput: userInput{in.User}, timeFilter: in.timeFilter, auditNames: in.auditNames, Cursor: in.Next})
}

// directoryLogs is empty until a directory is connected.
type directoryLogs struct {
	Items           []directoryLog `json:"items"`
	NextPageLink    *string        `json:"nextPageLink"`
	Message         string         `json:"message"`
	CanRetrieveData bool           `json:"canRetrieveData"`
}

type directoryLog struct {
	Time     string `json:"activityDateTime"`
	Activity string `json:"activityDisplayName"`
	Actor    string `json:"initiatedBy"`
	Result   string `json:"result"`
}

func (d *door) userDirectoryLogs(_ context.Context, by soc.Actor, in userLogInput) (web.Reply[directoryLogs], error) {
	if _, err := in.timeFilter.window(d.now()); err != nil {
		return web.Reply[directoryLogs]{}, err
	}
	if in.Next != "" { // no answer ever gave one
		return web.Reply[directoryLogs]{}, soc.InvalidCursor()
	}
	in.claim(by)
	return web.OK(directoryLogs{
		Items: []directoryLog{}, Message: "No directory is connected, and evidence holds no record of a directory's changes.",
	}), nil
}
