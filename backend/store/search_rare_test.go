package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"vedette/backend/soc"
)

// TestARareWordFindsWhatACommonOneWould: queries that hold a rare word are
// answered another way than those of common words alone, with the same rows in
// the same order, on both engines, of incidents and alerts, page by page.
func TestARareWordFindsWhatACommonOneWould(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace := makeWorkspace(t, s)
		want := map[string][]string{} // by query, ids newest first
		for n := range 3 * rareRows {
			title := fmt.Sprintf("common bench-%04d", n)
			for query, matches := range map[string]bool{
				"common bench": true, "bench 0007": n == 7, "every common fifteenth": n%15 == 0, "common fifteenth absent": false,
				"third common": n%3 == 0, "fifteenth third common bench": n%15 == 0,
			} {
				if matches {
					want[query] = append([]string{fmt.Sprintf("i-%04d", n)}, want[query]...)
				} else if want[query] == nil {
					want[query] = []string{}
				}
			}
			if n%3 == 0 {
				title += " third"
			}
			if n%15 == 0 {
				title += " every fifteenth"
			}
			i := newIncident(workspace)
			i.Title, i.ExternalID, i.CreatedAt = title, fmt.Sprintf("i-%04d", n), i.CreatedAt.AddDate(0, 0, n)
			insertIncident(t, s, i)
			write(t, s, func(tx *Tx) error {
				return tx.InsertAlert(soc.Alert{
					ID: fmt.Sprintf("a-%04d", n), UID: uuid.Must(uuid.NewV7()).String(), Workspace: workspace, Source: "s", ExternalID: i.ExternalID, Format: "generic",
					Status: soc.AlertTriage, Title: title, Severity: soc.SeverityHigh, SentSeverity: soc.SeverityHigh, RepeatCount: 1, Version: 1, Raw: []byte(`{}`),
				})
			})
		}
		for query, ids := range want {
			var got []string
			filter := soc.IncidentFilter{Workspace: workspace, Query: query, Limit: 3}
			for {
				page, err := s.Read(context.Background()).ListIncidents(filter, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range page.Incidents {
					got = append(got, i.ExternalID)
				}
				if filter.After = page.Next; filter.After == nil {
					break
				}
			}
			if !slices.Equal(got, ids) {
				t.Errorf("%q finds\n%v, want\n%v", query, got, ids)
			}
			if got := alertsFound(t, s, soc.AlertFilter{Workspace: workspace, Query: query, Limit: 3}); !slices.Equal(got, ids) {
				t.Errorf("%q finds alerts\n%v, want\n%v", query, got, ids)
			}
			total, _, err := s.Read(context.Background()).CountIncidents(filter, nil)
			if err != nil || total != len(ids) {
				t.Errorf("%q counts %d (%v), want %d", query, total, err, len(ids))
			}
		}
	})
}

// alertsFound are the external ids of all pages.
func alertsFound(t *testing.T, s *Store, f soc.AlertFilter) (ids []string) {
	t.Helper()
	for {
		page, err := s.Read(context.Background()).ListAlerts(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Alerts {
			ids = append(ids, a.ExternalID)
		}
		if f.After = page.Next; f.After == nil {
			return ids
		}
	}
}
