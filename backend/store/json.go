package store

import (
	"encoding/json"
)

// text encodes a value for a TEXT column. Values are our own slices, maps and
// structs of strings, which always encode.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}

// list is text for a slice, "[]" for none.
func list[T any](v []T) string {
	if len(v) == 0 {
		return "[]"
	}
	return text(v)
}

// decode reads a TEXT column back into dest.
func decode(s string, dest any) error {
	if s == "" || s == "null" || s == "[]" || s == "{}" { // most columns of most rows
		return nil
	}
	return json.Unmarshal([]byte(s), dest)
}

// decodeAll reads several columns; it stops at the first that is not ours.
func decodeAll(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := decode(pairs[i].(string), pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}
