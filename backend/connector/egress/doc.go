// Package egress makes the one outbound HTTP client of the house (S50):
// webhooks, connectors and the model endpoint all leave through it, so that no
// URL, name or redirect can aim a call at the inside of the network.
//
// A URL is checked when it is saved and again with every request, and the
// address that is really dialled is checked on the socket, after name
// resolution, where a name that changed its mind cannot lie any more.
//
// No other package makes an http.Client, http.Transport or net.Dialer. Nothing
// here knows what is being called, or why.
package egress
