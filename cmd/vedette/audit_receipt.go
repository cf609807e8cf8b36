package main

import (
	"errors"
	"os"
	"strconv"

	"vedette/backend/soc"
)

// receiptCommand verifies a receipt on any machine; it needs no database.
type receiptCommand struct {
	File string `arg:"" help:"Receipt as the server gave it, in RFC 8785 form: curl .../gamebooks/ID/receipt | jq -cS .data"`
	Key  string `help:"Fingerprint of the key that must have signed it; without it the fingerprint is told, to be compared." placeholder:"HEX"`
}

var errReceipt = errors.New("the receipt is not as it was signed")

func (c *receiptCommand) Run(e *environment) error {
	body, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	signed, err := soc.ReadReceipt(body)
	fingerprint := soc.KeyFingerprint(signed.Key)
	if err != nil || c.Key != "" && c.Key != fingerprint {
		value := map[string]any{"ok": false, "key": nil}
		if err := e.print(value, [][]string{{"NOT AS IT WAS SIGNED", "a byte was changed, or another key signed"}}); err != nil {
			return err
		}
		return errReceipt
	}
	r := signed.Receipt
	rows := [][]string{
		{"ok", "signed by " + fingerprint},
		{"gamebook", r.Gamebook, string(r.Status)},
		{"digest", r.Digest},
		{"record", strconv.FormatInt(r.Record.Position, 10) + "=" + r.Record.Hash},
	}
	for _, a := range r.Approvals {
		rows = append(rows, []string{a.Decision, a.Name, string(a.Role)})
	}
	for _, s := range r.Steps {
		rows = append(rows, []string{s.Action, s.Playbook, string(s.Status)})
	}
	return e.print(map[string]any{"ok": true, "key": fingerprint, "receipt": r}, rows)
}
