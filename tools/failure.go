package tools

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// maxErrorText bounds the text of an error (M24), in bytes.
const maxErrorText = 2000

// failure draws an error so that its reader can do better (M27): the stable
// code first, what was wrong, ids that may have been meant, the next step,
// whether to retry, and a reference for the people who read the log.
func (s *Server) failure(reference string, err error) Result {
	e := soc.AsError(err)
	if e.Cause != nil && (e.Kind == soc.Internal || e.Kind == soc.Unavailable) {
		s.log.Error("call failed", "request", reference, "code", e.Code, "error", e.Cause)
	}
	return Result{Text: failureText(reference, e), IsError: true, Code: e.Code}
}

func failureText(reference string, e *soc.Error) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	add("%s: %s", e.Code, sentence(e.Message))
	for _, path := range slices.Sorted(maps.Keys(e.Fields)) {
		for _, message := range e.Fields[path] {
			if path == "" {
				add("- %s", sentence(message))
				continue
			}
			add("- %s: %s", path, sentence(message))
		}
	}
	if len(e.Hints) > 0 {
		add("Near ids here: %s.", strings.Join(e.Hints, ", "))
	}
	if fix := e.NextStep(); fix != "" {
		add("%s", sentence(fix))
	}
	tail := fmt.Sprintf("Retry: %s.", retryAdvice(e))
	if reference != "" {
		tail += " Ref " + reference + "."
	}
	// What a caller sent is repeated to it where that helps; a credential sent in
	// the wrong place never does (S54).
	text := soc.RemoveSecrets(strings.Join(lines, "\n"))
	if room := maxErrorText - len(tail) - 1; len(text) > room {
		text = cutBytes(text, room-len("…")) + "…"
	}
	return text + "\n" + tail
}

// retryAdvice says whether the same call can succeed.
func retryAdvice(e *soc.Error) string {
	switch e.Kind {
	case soc.Invalid:
		return "yes, with the arguments corrected"
	case soc.NotFound:
		return "yes, with an id that exists"
	case soc.Conflict, soc.Precondition:
		return "yes, after reading the present state"
	case soc.Limited, soc.Unavailable:
		return fmt.Sprintf("yes, in %d s", max(e.RetryAfter, 1))
	case soc.Internal:
		return "yes, once; then report the reference"
	case soc.Refused:
		if e.Code == soc.CodeUpstreamError {
			return "no, not at once"
		}
		if meaning, known := soc.MeaningOf(e.Code); known && meaning.Group == "entry check" {
			return "yes, with the entry corrected"
		}
	}
	return "no, not unchanged"
}

// sentence ends text with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?}") {
		return text
	}
	return text + "."
}

// cutBytes shortens text to at most limit bytes on a character boundary.
func cutBytes(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && text[limit]&0xC0 == 0x80 {
		limit--
	}
	return text[:limit]
}
