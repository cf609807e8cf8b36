package soc

// Caller is what a door knows of a request before it knows who sends it.
type Caller struct {
	// Address is the caller's IP address, Client its agent string: claims of
	// whoever sends it, except for an address behind no proxy.
	Address string
	Client  string
	// Call is the request; its ArgumentDigest is not known yet.
	Call Call
	// Partial are the states of a half-made session that may call the route too.
	Partial []SessionState
	// Unattended is true where a page asked by itself and no person did: that
	// keeps no session alive (S48).
	Unattended bool
}
