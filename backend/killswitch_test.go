package backend

import (
	"os"
	"path/filepath"
	"testing"

	"vedette/backend/soc"
)

func TestS33MarkerFileStopsWithoutAnyLogin(t *testing.T) {
	b := lite(t)
	b.respond()
	b.Desk.killFile = filepath.Join(t.TempDir(), "vedette.db.kill")
	g := b.submit(b.agent, "isolate_host", "host")
	b.must(os.WriteFile(b.killFile, nil, 0o600))
	if r := b.submit(b.agent, "isolate_host", "host2"); r.Code != soc.CodeKillSwitchEngaged {
		t.Errorf("before the watch saw the file: %+v", r)
	}
	for range 2 {
		b.must(b.WatchKillFile(ctx))
	}
	if b.stored(g.GamebookID).Status != soc.GamebookHalted || b.count("kill_switch_engaged") != 1 {
		t.Errorf("%s, engaged %d times", b.stored(g.GamebookID).Status, b.count("kill_switch_engaged"))
	}
	switches, err := b.ListKillSwitches(ctx, b.as("op1"))
	b.must(err)
	if len(switches) != 1 || switches[0].Via != "file" || len(switches[0].Halted) != 1 {
		t.Errorf("%+v", switches)
	}
	release := soc.KillOrder{Scope: soc.KillGlobal, Reason: "over", Via: "api"}
	_, _, err = b.ReleaseKillSwitch(ctx, b.as("mgr"), release)
	refusedWith(t, "while the file stands", err, soc.Conflict, soc.CodeInvalidState)
	b.must(os.Remove(b.killFile))
	b.must(b.WatchKillFile(ctx))
	if r := b.submit(b.agent, "isolate_host", "host2"); r.Code != soc.CodeKillSwitchEngaged {
		t.Errorf("the file's end released the switch: %+v", r)
	}
	for i, name := range []string{"mgr", "sr1"} {
		if _, released, err := b.ReleaseKillSwitch(ctx, b.as(name), release); err != nil || released != (i == 1) {
			t.Errorf("%s: %v %v", name, released, err)
		}
	}
	if r := b.submit(b.agent, "isolate_host", "host2"); !r.Success {
		t.Errorf("after the release: %+v", r)
	}
}

func TestS33AgentSwitchStopsThatAgentAlone(t *testing.T) {
	b := lite(t)
	b.respond()
	b.key("other", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeGamebooksSubmit}})
	_, err := b.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillAgent, ID: b.agent.ID, Reason: "odd", Via: "api"})
	b.must(err)
	if r := b.submit(b.caller("ag"), "isolate_host", "host"); r.Code != soc.CodeKillSwitchEngaged {
		t.Errorf("%+v", r)
	}
	if r := b.submit(b.caller("other"), "isolate_host", "host"); !r.Success {
		t.Errorf("another agent: %+v", r)
	}
	_, err = b.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillAgent, ID: "nobody", Reason: "x", Via: "api"})
	refusedWith(t, "unknown agent", err, soc.NotFound, soc.CodeNotFound)
}
