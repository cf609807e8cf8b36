package opsapi

import "encoding/json"

// encodeView and decodeView write what a sealed view proves.
func encodeView(s shown) ([]byte, error) { return json.Marshal(s) }

func decodeView(proof []byte) (s shown, err error) {
	err = json.Unmarshal(proof, &s)
	return s, err
}
