package soc_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"vedette/backend/soc"
)

func TestT17RationaleGolden(t *testing.T) {
	for name, in := range soc.FloorGoldenInputs {
		t.Run(name, func(t *testing.T) {
			result := soc.Floor(in, soc.ShippedWeights())
			var out bytes.Buffer
			if err := json.Indent(&out, result.Rationale, "", "  "); err != nil {
				t.Fatal(err)
			}
			out.WriteString("\n\n" + result.Reasoning + "\n")
			golden(t, "testdata/floor_"+name+".golden", out.Bytes())
		})
	}
}
