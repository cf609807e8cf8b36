package console

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is how many modules around a symbol stay empty (ISO/IEC 18004).
const quietZone = 4

// qrCode is a text as a QR symbol, for an inline SVG: the page may load pictures
// of nobody, and a secret belongs in no address.
type qrCode struct {
	// Path draws the dark modules, each one unit wide.
	Path string
	// Box is the viewBox with the quiet zone, From its corner and Size its side.
	Box        string
	From, Size int
}

// drawQR makes the symbol of an otpauth address. Medium correction (15 %) is what
// a screen takes.
func drawQR(text string) (qrCode, error) {
	symbol, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return qrCode{}, fmt.Errorf("console: draw a QR symbol: %w", err)
	}
	side := symbol.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && dark(symbol.At(x, y).RGBA()) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	whole := side + 2*quietZone
	return qrCode{Path: path.String(), Box: fmt.Sprintf("-%d -%d %d %d", quietZone, quietZone, whole, whole), From: -quietZone, Size: whole}, nil
}

func dark(r, _, _, _ uint32) bool { return r < 0x8000 }
