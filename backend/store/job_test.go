package store

import (
	"context"
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestWhatIsDueIsAvailableAtOnce guards against River's scheduler, which looks
// at jobs with a time only every few seconds.
func TestWhatIsDueIsAvailableAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		err := s.Write(context.Background(), func(tx *Tx) error {
			for _, at := range []time.Time{{}, time.Now(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)} {
				if err := tx.Enqueue(soc.GamebookJob{Workspace: "w", Gamebook: "g"}, at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		text := `SELECT COUNT(*) FROM river_job WHERE state = 'available' AND queue = 'response'`
		var due int
		if s.writerDB != nil {
			err = s.writerDB.QueryRow(text).Scan(&due)
		} else {
			err = s.pool.QueryRow(context.Background(), text).Scan(&due)
		}
		if err != nil || due != 3 {
			t.Errorf("%d jobs are due, want 3: %v", due, err)
		}
	})
}
