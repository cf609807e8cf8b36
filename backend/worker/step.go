package worker

import (
	"context"
	"errors"
	"time"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// sent is what is known of a call that was made; the zero value is a call of
// which nobody knows.
type sent struct {
	accepted, refused bool
	message           string
}

// product finds the connector that a step was pinned to (S12).
func (w *Worker) product(id string) (connector.Connector, bool) {
	if product, known := w.config.Connectors[id]; known {
		return product, true
	}
	if w.config.Configured == nil {
		return nil, false
	}
	return w.config.Configured(id)
}

// carry sends one action, once. It is not cut short when the worker stops: an
// answer that is under way is worth more than a second.
func (w *Worker) carry(ctx context.Context, order soc.StepOrder) sent {
	s := order.Step
	product, known := w.product(s.Connector)
	if !known {
		return sent{refused: true, message: "The connector is not in force on this server."}
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	receipt, err := product.Carry(call, connector.Action{
		IdempotencyKey: s.IdempotencyKey, Operation: order.Playbook.Operation, Kind: s.EntityKind, NativeID: s.NativeID, Parameters: s.Parameters,
	})
	log := w.config.Log.With("gamebook", s.Gamebook, "step", s.ID, "reference", receipt.Reference)
	var failure *connector.Failure
	message := "The product's answer could not be judged."
	if errors.As(err, &failure) {
		message = failure.Message
	}
	switch connector.OutcomeOf(err) {
	case connector.Accepted:
		return sent{accepted: true}
	case connector.Refused:
		log.WarnContext(ctx, "a step was refused by the product", "error", err, "cause", errors.Unwrap(err))
		return sent{refused: true, message: message}
	}
	log.WarnContext(ctx, "the outcome of a step is not known", "error", err, "cause", errors.Unwrap(err))
	return sent{message: message}
}

// settle finds out what a sent step did, and records it, or sends it again
// where that is safe. While the worker stops it leaves the step as it is, for
// the next worker to read back.
func (w *Worker) settle(ctx context.Context, claim soc.GamebookClaim, s soc.Step, call sent) (soc.StepStatus, error) {
	playbook, known := w.config.Desk.PlaybookOf(s)
	proof := soc.Proof{Accepted: call.accepted, Refused: call.refused, Idempotent: known && playbook.Idempotent, Attempts: s.Attempts}
	var seen *soc.ReadBack
	if !call.refused && known {
		var interrupted bool
		if seen, interrupted = w.readBack(ctx, s, playbook); interrupted {
			return "", nil
		}
		if seen != nil {
			proof.Read, proof.Seen = true, seen.Seen == seen.Expected
		}
	}
	status, again := proof.Judge()
	if again {
		return w.begin(ctx, claim, s.ID, true)
	}
	result := soc.StepResult{
		Workspace: s.Workspace, Gamebook: s.Gamebook, Step: s.ID, Attempt: s.Attempts, Status: status, Code: codeOf(status, call), Message: call.message, ReadBack: seen,
	}
	stored, err := w.config.Desk.RecordStep(context.WithoutCancel(ctx), result)
	return stored.Status, err
}

func codeOf(status soc.StepStatus, call sent) soc.Code {
	switch status {
	case soc.StepFailed:
		return soc.CodeUpstreamError
	case soc.StepUnconfirmed:
		return soc.CodeVerifyFailed
	case soc.StepUnknown:
		return soc.CodeOutcomeUnknown
	}
	return ""
}

// readBack asks the product what is so, until it is as expected or the probe's
// time is over. It returns the last thing seen, nil if nothing was learnt or
// the playbook has no probe. interrupted is set when the worker stops first.
func (w *Worker) readBack(ctx context.Context, s soc.Step, p soc.Playbook) (seen *soc.ReadBack, interrupted bool) {
	product, known := w.product(s.Connector)
	if p.Probe == nil || !known {
		return nil, false
	}
	rounds := p.Probe.Retries + 1
	pause := p.Probe.Timeout / time.Duration(rounds)
	for round := range rounds {
		if round > 0 {
			if w.stopping(ctx) || w.pause(ctx, pause) != nil {
				return nil, true
			}
		}
		word, err := w.probe(ctx, product, s, p)
		if err != nil {
			w.config.Log.WarnContext(ctx, "a read-back failed", "gamebook", s.Gamebook, "step", s.ID, "error", err, "cause", errors.Unwrap(err))
			seen = nil // what an earlier round saw may be over
			continue
		}
		seen = &soc.ReadBack{Probe: p.Probe.Operation, Expected: p.Probe.Expect, Seen: word, At: w.config.Desk.Now()}
		if word == p.Probe.Expect {
			return seen, false
		}
	}
	return seen, false
}

// pause waits, but no longer than the worker works.
func (w *Worker) pause(ctx context.Context, d time.Duration) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.draining:
			cancel()
		case <-waiting.Done():
		}
	}()
	return w.config.Sleep(waiting, d)
}

func (w *Worker) probe(ctx context.Context, product connector.Connector, s soc.Step, p soc.Playbook) (string, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	word, err := product.Probe(call, connector.Question{
		Operation: p.Probe.Operation, Kind: s.EntityKind, NativeID: s.NativeID, Parameters: s.Parameters,
		IdempotencyKey: s.IdempotencyKey, DispatchedAt: s.DispatchedAt,
	})
	return soc.DisplayName(word), err
}
