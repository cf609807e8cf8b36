//go:build guide

package eval

import (
	"math"
	"os"
	"testing"
	"time"

	"vedette/agent/measure"
)

// TestT29Guide reproduces section 5.2 on a set whose licence keeps it out of the
// project, so it is built only when asked for:
//
//	VEDETTE_TEST_GUIDE=FOLDER go test -tags guide -run T29Guide ./agent/eval
func TestT29Guide(t *testing.T) {
	folder := os.Getenv("VEDETTE_TEST_GUIDE")
	if folder == "" {
		t.Fatal("VEDETTE_TEST_GUIDE names no folder with the GUIDE development split")
	}
	for _, want := range []struct {
		delay        time.Duration
		pooling      bool
		accuracy, f1 float64
	}{
		{0, true, .843, .828}, {6 * time.Hour, true, .833, .817}, {24 * time.Hour, true, .828, .811}, {72 * time.Hour, true, .812, .792}, {24 * time.Hour, false, .805, .789},
	} {
		set, err := Read("guide", Options{Split: "dev", Data: folder, Delay: want.delay})
		if err != nil {
			t.Fatal(err)
		}
		s, err := measure.Summarize(ask(t, set.Rounds[0].Items, want.pooling), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]float64{{s.Accuracy.Value, want.accuracy}, {s.MacroF1.Value, want.f1}} {
			if math.Abs(pair[0]-pair[1]) > 0.003 {
				t.Errorf("delay %v, pooling %v: %.4f, want %.3f", want.delay, want.pooling, pair[0], pair[1])
			}
		}
		if want.delay == 24*time.Hour && want.pooling {
			if s.Closing.Closed.N != 397 || s.Closing.WrongTPs.N != 1 || math.Abs(s.Coverage[0].Covered.Value-.557) > .003 || math.Abs(s.Hidden[1].Share.Value-.642) > .003 {
				t.Errorf("closing %+v, coverage %+v, hidden %+v", s.Closing, s.Coverage[0], s.Hidden[1])
			}
		}
	}
}
