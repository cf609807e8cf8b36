package backend

import "vedette/backend/soc"

// watch keeps what rules in log-only mode would have decided otherwise.
func (p *proposal) watch(g soc.Gamebook, e *soc.AuditEntry) error {
	differ := soc.WatchedOutcomes(p.record.Input, p.result)
	if len(differ) == 0 {
		return nil
	}
	record, err := soc.CanonicalRecord(map[string]any{"log_only": differ})
	if err != nil {
		return err
	}
	e.Detail = string(record)
	for _, o := range differ {
		if err := p.tx.InsertRuleOutcome(g.Workspace, g.ID, o, p.desk.clock()); err != nil {
			return err
		}
	}
	return nil
}
