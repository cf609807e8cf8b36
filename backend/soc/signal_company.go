package soc

import (
	"math"
	"time"
)

// CompanyWindow is how long before an incident other signatures on its host
// are company.
const CompanyWindow = 30 * time.Minute

// companyMost bounds what one signature in company may say, in log-odds.
const companyMost = 5

// Company is another signature seen on a host of the incident shortly before
// it, with what was decided on it here.
type Company struct {
	Host     string // entity id
	Evidence []string
	Counts   VerdictCounts
}

// companySignal: attacks come in steps. Signatures that were TruePositive here
// more often than signatures are, on the same host within the half hour
// before, raise the odds of what comes with them. It only ever raises: noise
// that an attacker makes on a host must not cover what follows.
func companySignal(in FloorInput, w Weights) []Signal {
	var all VerdictCounts
	for _, t := range in.Types {
		if all = t.level(LevelWorkspace); all.Total() > 0 {
			break
		}
	}
	usual := math.Log(float64(all.TruePositive+1) / float64(all.BenignPositive+all.FalsePositive+1))
	sum := 0.0
	var rows [][]string
	for _, c := range in.Company {
		benign := c.Counts.BenignPositive + c.Counts.FalsePositive
		said := math.Log((float64(c.Counts.TruePositive)+0.5)/(float64(benign)+0.5)) - usual
		if c.Counts.Total() == 0 || said <= 0 {
			continue
		}
		sum += min(said, companyMost)
		rows = append(rows, c.Evidence)
	}
	weight := math.Round(min(sum*w.Company, w.SignatureLimit)*1e4) / 1e4
	if weight <= 0 {
		return nil
	}
	return []Signal{{
		ID: SignalCompany, Kind: SignalWeighs, Weight: weight, Detail: "same_host_30_minutes",
		Evidence: evidenceUnion(evidenceShown, rows...),
	}}
}
