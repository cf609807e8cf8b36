package measure

import (
	"fmt"
	"strings"
)

// A plot is a square of plotSize units with a margin for the axes.
const (
	plotSize   = 260.0
	plotMargin = 44.0
)

// svg is one drawing. Its words are constants of this package.
type svg struct{ strings.Builder }

func newPlot(title, across, up string) *svg {
	s := &svg{}
	whole := plotSize + 2*plotMargin
	fmt.Fprintf(s, `<svg viewBox="0 0 %g %g" width="%g" role="img" aria-label="%s">`, whole, whole, whole, title)
	fmt.Fprintf(s, `<text x="%g" y="%g" text-anchor="middle">%s</text>`, whole/2, whole-6, across)
	fmt.Fprintf(s, `<text x="12" y="%g" text-anchor="middle" transform="rotate(-90 12 %g)">%s</text>`, whole/2, whole/2, up)
	return s
}

func (s *svg) end() string {
	s.WriteString("</svg>")
	return s.String()
}

// scale maps a value between from and to onto the square.
type scale struct{ from, to float64 }

func (a scale) x(v float64) float64 {
	return plotMargin + plotSize*(min(max(v, a.from), a.to)-a.from)/(a.to-a.from)
}

func (a scale) y(v float64) float64 { return 2*plotMargin + plotSize - a.x(v) }

// axes draws the frame and five ticks on either side.
func (s *svg) axes(across, up scale) {
	fmt.Fprintf(s, `<rect class="axis" x="%g" y="%g" width="%g" height="%g"/>`, plotMargin, plotMargin, plotSize, plotSize)
	for i := range 5 {
		part := float64(i) / 4
		h, v := across.from+part*(across.to-across.from), up.from+part*(up.to-up.from)
		fmt.Fprintf(s, `<text x="%.1f" y="%g" text-anchor="middle">%.2g</text>`, across.x(h), plotMargin+plotSize+16, h)
		fmt.Fprintf(s, `<text x="%g" y="%.1f" text-anchor="end">%.3g</text>`, plotMargin-5, up.y(v)+4, v)
	}
}

// confusionPlot shades each cell by its share of the row.
func (m Summary) confusionPlot() string {
	short := []string{"TP", "BP", "FP"}
	s := newPlot("Confusion matrix", "forced answer", "label")
	side := plotSize / float64(len(Classes))
	for i, row := range m.Confusion {
		total := 0
		for _, n := range row {
			total += n
		}
		y := plotMargin + float64(i)*side
		fmt.Fprintf(s, `<text x="%g" y="%g" text-anchor="end">%s</text>`, plotMargin-5, y+side/2+4, short[i])
		fmt.Fprintf(s, `<text x="%g" y="%g" text-anchor="middle">%s</text>`, plotMargin+(float64(i)+.5)*side, plotMargin-8, short[i])
		for j, n := range row {
			share := float64(n) / float64(max(total, 1))
			x := plotMargin + float64(j)*side
			fmt.Fprintf(s, `<rect class="cell" x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill-opacity="%.2f"/>`, x, y, side, side, .06+.6*share)
			fmt.Fprintf(s, `<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`, x+side/2, y+side/2, n)
			fmt.Fprintf(s, `<text x="%.1f" y="%.1f" text-anchor="middle">%.1f %%</text>`, x+side/2, y+side/2+16, 100*share)
		}
	}
	return s.end()
}

// reliabilityPlot marks how often each bin was right.
func (m Summary) reliabilityPlot() string {
	unit := scale{0, 1}
	s := newPlot("Reliability", "stated confidence", "share that was right")
	s.axes(unit, unit)
	fmt.Fprintf(s, `<path class="guide" d="M%g %gL%g %g"/>`, unit.x(0), unit.y(0), unit.x(1), unit.y(1))
	for _, b := range m.Reliability {
		if b.N == 0 {
			continue
		}
		x := unit.x(b.Confidence)
		fmt.Fprintf(s, `<path class="line" d="M%.1f %.1fL%.1f %.1f"/>`, x, unit.y(b.Right.Low), x, unit.y(b.Right.High))
		fmt.Fprintf(s, `<circle class="mark" cx="%.1f" cy="%.1f" r="4"/>`, x, unit.y(b.Right.Value))
	}
	return s.end()
}

// coveragePlot draws the accuracy of the most confident cases.
func (m Summary) coveragePlot() string {
	lowest := 1.0
	for _, p := range m.Curve {
		lowest = min(lowest, p.Accuracy)
	}
	across, up := scale{0, 1}, scale{max(0, min(lowest-.02, .9)), 1}
	s := newPlot("Coverage against accuracy", "share of cases answered", "accuracy")
	s.axes(across, up)
	for _, accuracy := range accuracies {
		fmt.Fprintf(s, `<path class="guide" d="M%g %.1fH%g"/>`, across.x(0), up.y(accuracy), across.x(1))
	}
	if len(m.Curve) > 0 {
		s.WriteString(`<path class="line" d="`)
		for i, p := range m.Curve {
			command := "L"
			if i == 0 {
				command = "M"
			}
			fmt.Fprintf(s, "%s%.1f %.1f", command, across.x(p.Coverage), up.y(p.Accuracy))
		}
		s.WriteString(`"/>`)
	}
	return s.end()
}
