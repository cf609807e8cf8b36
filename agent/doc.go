// Package agent is triage by a model: the loop that fills the stages of an
// investigation (triage.md section 3) with the answers of an OpenAI-compatible
// endpoint, live or recorded.
//
// The loop acts only through the tool table and the four moves of a run (lease,
// heartbeat, store a stage, finish), in this process or over HTTP (S62). It
// holds no store, no executor, no approval and no key but the model's and its
// own. The order of the stages, what counts as proven, the merge with the floor
// and the budgets are the server's; what stands here is how to ask a model, and
// what to do when it does not answer.
//
// Never in this room: a rule about verdicts, SQL, a sentence to a model (those
// are in prompts), a URL that came out of data.
package agent
