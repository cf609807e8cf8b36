package soc

import (
	"testing"

	"pgregory.net/rapid"
)

func TestS22HonestWords(t *testing.T) {
	for _, c := range []struct {
		proof Proof
		want  StepStatus
		again bool
	}{
		{Proof{Refused: true, Idempotent: true}, StepFailed, false},
		{Proof{Accepted: true, Read: true, Seen: true}, StepConfirmed, false},
		{Proof{Accepted: true, Read: true, Idempotent: true}, StepUnconfirmed, false},
		{Proof{Accepted: true}, StepUnconfirmed, false},
		{Proof{Seen: true, Read: true}, StepConfirmed, false},
		{Proof{Read: true, Idempotent: true, Attempts: 1}, StepUnknown, true},
		{Proof{Read: true, Idempotent: true, Attempts: MaxAttempts}, StepUnknown, false},
		{Proof{Read: true, Attempts: 1}, StepUnknown, false},
		{Proof{Idempotent: true, Attempts: 1}, StepUnknown, false},
	} {
		if status, again := c.proof.Judge(); status != c.want || again != c.again {
			t.Errorf("%+v: %s %v", c.proof, status, again)
		}
	}
}

func TestS22CompletedMeansEveryStepConfirmed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		statuses := rapid.SliceOfN(rapid.SampledFrom([]StepStatus{StepConfirmed, StepUnconfirmed, StepFailed, StepUnknown, StepNotRun, StepRolledBack}), 1, 6).Draw(t, "steps")
		steps, all := make([]Step, len(statuses)), true
		for i, s := range statuses {
			steps[i].Status, all = s, all && s == StepConfirmed
		}
		if (FinalStatus(steps) == GamebookCompleted) != all || !FinalStatus(steps).Ended() {
			t.Errorf("%v is %s", statuses, FinalStatus(steps))
		}
	})
}

func TestS28GroupsKeepTargetsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		steps := make([]Step, n)
		for i := range steps {
			steps[i] = Step{
				Entity:    rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "entity"),
				Connector: rapid.SampledFrom([]string{"", "x"}).Draw(t, "connector"),
				NativeID:  rapid.SampledFrom([]string{"1", "2"}).Draw(t, "native"),
				Sequence:  rapid.IntRange(1, 3).Draw(t, "sequence"),
			}
		}
		SetOrdinals(steps)
		of := make([]int, n)
		seen := 0
		for g, group := range StepGroups(steps) {
			for k, i := range group {
				of[i] = g
				seen++
				if k > 0 && steps[i].Entity == steps[group[k-1]].Entity && steps[i].Ordinal < steps[group[k-1]].Ordinal {
					t.Errorf("out of order: %+v", group)
				}
			}
		}
		for i, a := range steps {
			for j, b := range steps {
				together := a.Entity == b.Entity || a.Connector != "" && a.Connector == b.Connector && a.NativeID == b.NativeID
				if together && of[i] != of[j] {
					t.Errorf("%d and %d share a target and run side by side", i, j)
				}
			}
		}
		if seen != n {
			t.Errorf("%d of %d steps are in groups", seen, n)
		}
	})
}
