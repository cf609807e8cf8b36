package backend

// Figure names what the desk counts for whoever watches it.
type Figure string

// The figures of the desk.
const (
	// FigureGate are submitted gamebooks by the gate's code.
	FigureGate Figure = "gate_decisions"
	// FigureFloor are runs of the deterministic triager by what they proposed.
	FigureFloor Figure = "floor_runs"
)

// count tells of something that is committed; a write that runs twice is
// counted once because its caller counts, after it.
func (d *Desk) count(figure Figure, word string) {
	if d.counter != nil {
		d.counter(figure, word)
	}
}
