package schemas

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/invopop/jsonschema"
)

// Verbatim is a JSON object of another system that an answer shows byte for
// byte. encoding/json takes the white space out of what a Marshaler gives it,
// so a Verbatim is written folded, as text only this process can make, and
// whoever encodes the whole answer calls Unfold on it.
type Verbatim []byte

// fold begins the text of a folded value. Nobody else can write it: the rest
// of it is 128 random bits of this process, which never leave it.
var fold = `"verbatim:` + rand.Text() + ":"

// JSONSchema draws an open object, like a FreeObject.
func (Verbatim) JSONSchema() *jsonschema.Schema { return FreeObject{}.JSONSchema() }

// MarshalJSON writes the folded form; an empty value is {}.
func (v Verbatim) MarshalJSON() ([]byte, error) {
	if len(v) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(v) {
		return nil, errors.New("schemas: a verbatim value is not JSON")
	}
	out := append([]byte(fold), make([]byte, base64.StdEncoding.EncodedLen(len(v)))...)
	base64.StdEncoding.Encode(out[len(fold):], v)
	return append(out, '"'), nil
}

// Unfold puts the values back that MarshalJSON folded.
func Unfold(encoded []byte) []byte {
	if !bytes.Contains(encoded, []byte(fold)) {
		return encoded
	}
	var out []byte
	for {
		before, rest, found := bytes.Cut(encoded, []byte(fold))
		out = append(out, before...)
		if !found {
			return out
		}
		text, after, _ := bytes.Cut(rest, []byte(`"`))
		value, _ := base64.StdEncoding.AppendDecode(out, text) // our own text
		out, encoded = value, after
	}
}

// UnmarshalJSON keeps the bytes of a request's member as they were sent.
func (v *Verbatim) UnmarshalJSON(text []byte) error {
	if *v = nil; !bytes.Equal(text, []byte("null")) {
		*v = bytes.Clone(text)
	}
	return nil
}
