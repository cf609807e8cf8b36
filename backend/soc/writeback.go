package soc

// WriteBackJob tells the product an incident came from how it was closed here.
// It is for the closing that Decision names: a later one has a job of its own.
type WriteBackJob struct {
	Workspace string  `json:"workspace"`
	Incident  string  `json:"incident"`
	Decision  string  `json:"decision"`
	Verdict   Verdict `json:"verdict"`
}

// Kind names the job.
func (WriteBackJob) Kind() string { return "write_back" }

// WriteBack is what the product is to be told.
type WriteBack struct {
	Workspace  string
	Incident   string
	Source     string
	ExternalID string
	Decision   string
	Verdict    Verdict
	Reason     string
	Comment    string
}

// WriteBackNext is what becomes of a job to write a verdict back.
type WriteBackNext string

// The three answers. A kill switch makes it wait; a closing that does not stand
// any more has nothing to tell.
const (
	WriteBackGo   WriteBackNext = "go"
	WriteBackWait WriteBackNext = "wait"
	WriteBackDrop WriteBackNext = "drop"
)

// WritesBack reports whether a change closes an incident here, or gives a closed
// one another verdict, so that its product is to be told. What the product
// itself closed it knows.
func WritesBack(before, after Incident) bool {
	if after.Status != StatusClosed || after.ClosedBy == BySource || after.Verdict == "" || after.ExternalID == after.ShortID {
		return false
	}
	return before.Status != StatusClosed || before.Verdict != after.Verdict || before.VerdictReason != after.VerdictReason
}
