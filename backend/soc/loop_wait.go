package soc

// WaitReason is why a queued run of the loop is not worked on yet (T4).
type WaitReason string

// The reasons, in the order in which the server looks for them.
const (
	WaitKillSwitch WaitReason = "kill_switch"       // an engaged switch; until it is released
	WaitSuspended  WaitReason = "agent_suspended"   // until a senior lifts it
	WaitDayBudget  WaitReason = "day_budget"        // the workspace's tokens or money of the day; until midnight UTC
	WaitModel      WaitReason = "model_unavailable" // the endpoint does not answer; until it does
	WaitNoWorker   WaitReason = "no_worker"         // nobody asks for runs of this identity
	WaitBusy       WaitReason = "busy"              // as many runs are under way as the workspace may have
	WaitTurn       WaitReason = "turn"              // others come first
)

// AllWaitReasons is the closed set.
var AllWaitReasons = []WaitReason{WaitKillSwitch, WaitSuspended, WaitDayBudget, WaitModel, WaitNoWorker, WaitBusy, WaitTurn}

var waitTexts = map[WaitReason]string{
	WaitKillSwitch: "A kill switch is engaged.",
	WaitSuspended:  "The agent is suspended.",
	WaitDayBudget:  "The workspace has used its tokens or money for today (UTC).",
	WaitModel:      "The model's endpoint does not answer; it is tried again.",
	WaitNoWorker:   "No process asks for the runs of this agent.",
	WaitBusy:       "As many runs are under way as this workspace may have at once.",
	WaitTurn:       "Other runs come first: the more severe, then the older.",
}

// Text is the reason in words.
func (w WaitReason) Text() string { return waitTexts[w] }
