package console

import (
	"encoding/json"
	"fmt"

	"vedette/backend/soc"
)

// reportView is a stored report with its own members. What the page shows is
// read back from the bytes that the hash covers, never from the incident now.
type reportView struct {
	soc.Report
	Stored soc.StoredReport
}

func readReport(stored soc.StoredReport) (reportView, error) {
	view := reportView{Stored: stored}
	if err := json.Unmarshal(stored.Body, &view.Report); err != nil {
		return view, fmt.Errorf("console: report %s: %w", stored.ID, err)
	}
	return view, nil
}
