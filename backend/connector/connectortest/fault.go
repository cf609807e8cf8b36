package connectortest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Canary stands in every body a fault makes up. A connector must not repeat it.
const Canary = "canary-of-the-product"

// Fault answers a request in the product's stead. product is what would have
// answered.
type Fault func(w http.ResponseWriter, r *http.Request, product http.Handler)

// Answer does nothing, and answers so.
func Answer(status int, contentType, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// Throttled does nothing, and asks for that many seconds of patience.
func Throttled(seconds, body string) Fault {
	return func(w http.ResponseWriter, r *http.Request, product http.Handler) {
		w.Header().Set("Retry-After", seconds)
		Answer(http.StatusTooManyRequests, "application/json", body)(w, r, product)
	}
}

// LoginPage is what a proxy or an expired session answers: a page, with 200.
func LoginPage() Fault {
	return Answer(http.StatusOK, "text/html", "<!doctype html><title>Sign in</title>"+Canary)
}

// Elsewhere redirects to a place that answers as if all were well.
func Elsewhere() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

// ActThenDrop does what was asked and drops the connection.
func ActThenDrop() Fault {
	return func(_ http.ResponseWriter, r *http.Request, product http.Handler) {
		product.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// ActThenFail does what was asked and answers 502, as a gateway before it would.
func ActThenFail() Fault {
	return func(w http.ResponseWriter, r *http.Request, product http.Handler) {
		product.ServeHTTP(httptest.NewRecorder(), r)
		http.Error(w, Canary, http.StatusBadGateway)
	}
}

// ActThenFlood does what was asked and answers more than anyone would read.
func ActThenFlood() Fault {
	return func(w http.ResponseWriter, r *http.Request, product http.Handler) {
		product.ServeHTTP(httptest.NewRecorder(), r)
		w.Header().Set("Content-Type", "application/json")
		for range 20 {
			if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	}
}

// ActThenTrickle does what was asked and begins an answer that never ends; under
// way is called once it has begun.
func ActThenTrickle(underWay func()) Fault {
	return func(w http.ResponseWriter, r *http.Request, product http.Handler) {
		product.ServeHTTP(httptest.NewRecorder(), r)
		io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		underWay()
		<-r.Context().Done()
	}
}
