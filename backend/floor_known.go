package backend

import (
	"vedette/backend/soc"
	"vedette/backend/store"
)

// knownDismissals bounds how many dismissals of one detector are looked at.
const knownDismissals = 20

// knownRows asks what people have said before about the alerts of an incident.
// Both must hold for every alert: the first that has nothing ends the question,
// so that most incidents cost two look-ups.
func (d *Desk) knownRows(r *store.Reader, rows *soc.FloorRows) error {
	covered, good := len(rows.Alerts) > 0, len(rows.Alerts) > 0
	for _, a := range rows.Alerts {
		if !covered && !good {
			return nil
		}
		values, err := r.AlertObservables(a.Workspace, a.ID, alertValues)
		if err != nil {
			return err
		}
		if covered {
			if covered, err = d.coveredAlert(r, rows, a, values); err != nil {
				return err
			}
		}
		if good {
			if good, err = d.knownGood(r, a, values); err != nil {
				return err
			}
		}
	}
	if !covered {
		rows.Suppression = ""
	}
	rows.KnownGood = good
	return nil
}

// coveredAlert asks the active suppressions about one alert, under the rule by
// which alerts are suppressed when they arrive.
func (d *Desk) coveredAlert(r *store.Reader, rows *soc.FloorRows, a soc.Alert, values []soc.Observable) (bool, error) {
	active, err := r.SuppressionsOf(a.Workspace, values, d.clock())
	if err != nil {
		return false, err
	}
	found := soc.Suppress(a.Source, a.Severity, values, active)
	if found.Applied && rows.Suppression == "" {
		rows.Suppression = soc.CaseID(soc.CasePrefixSuppression, found.Matched[0])
	}
	if !found.Applied {
		rows.Suppression = ""
	}
	return found.Applied, nil
}

// knownGood looks for a dismissal of the same by a person.
func (d *Desk) knownGood(r *store.Reader, a soc.Alert, values []soc.Observable) (bool, error) {
	dismissed, err := r.DismissedAlerts(a.Workspace, a.DetectorKey, a.CreatedAt.Add(-2*soc.KnownGoodWindow), knownDismissals)
	if err != nil {
		return false, err
	}
	for _, other := range dismissed {
		its, err := r.AlertObservables(a.Workspace, other.ID, alertValues)
		if err != nil || soc.KnownGood(a, values, other, its) {
			return err == nil, err
		}
	}
	return false, nil
}
