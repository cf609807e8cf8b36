package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

// formToken is what every form of a session holds. It is made of the session's
// secret, so that every replica knows it, nobody else can make it, it tells
// nothing of the secret, and it dies with the secret at the next sign-in.
func formToken(cookie string) string {
	mac := hmac.New(sha256.New, []byte(cookie))
	mac.Write([]byte("vedette-console-form-v1"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func rightToken(token, cookie string) bool {
	return cookie != "" && hmac.Equal([]byte(token), []byte(formToken(cookie)))
}

// maxNext is the longest address that a sign-in leads back to.
const maxNext = 2000

// ownPath is where to go after a sign-in: a page of the console, or "". An
// address of another site, or one that a browser would read as such, is none.
func ownPath(address string) string {
	if len(address) > maxNext || strings.ContainsAny(address, "\\\t\r\n") {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return ""
	}
	if u.Path != "/console" && !strings.HasPrefix(u.Path, "/console/") || strings.Contains(u.Path, "..") || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	for _, entry := range []string{"/console/sign-in", "/console/sign-out", "/console/events"} {
		if u.Path == entry {
			return ""
		}
	}
	return u.RequestURI()
}
