package portalapi

import (
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/schemas"
)

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// list is text as a list that is [] where it is empty.
func list[Word ~string](words []Word) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = string(word)
	}
	return out
}

// flagWords are the rules that hit, each once.
func flagWords(flags []soc.Flag) []string {
	words := []string{}
	for _, flag := range flags {
		if !slices.Contains(words, flag.Rule) {
			words = append(words, flag.Rule)
		}
	}
	return words
}

// cellTime is a time as a cell of a table.
func cellTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return schemas.Time(at).String()
}

// renamed says of a member what the desk said of it under the desk's name.
func renamed(err error, desk, wire string) error {
	e := soc.AsError(err)
	if e == nil {
		return nil
	}
	if messages, named := e.Fields[desk]; named {
		delete(e.Fields, desk)
		e.Fields[wire] = messages
	}
	return err
}
