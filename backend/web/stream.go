package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"vedette/backend/soc"
)

const (
	// streamFraming is what a streamed body may be longer than MaxBody, which
	// counts the file in it: boundaries, part headers and small parts.
	streamFraming = 64 << 10
	// streamRate is how many bytes a second a stream must move on average,
	// once the time of an ordinary request is used up: 50 MiB get 13 minutes,
	// and a body of one byte a second gets what any other gets.
	streamRate = 64 << 10
)

// bodyLimit is the most bytes of a body.
func (x *exchange) bodyLimit() int64 {
	if x.route.binding.stream {
		return x.route.MaxBody + streamFraming
	}
	return x.route.MaxBody
}

// openStream hands the body to the operation unread.
func (x *exchange) openStream(body io.Reader) {
	stream := &Stream{Reader: x.pacedBody(body), ContentType: x.req.Header.Get("Content-Type"), exchange: x}
	x.in.FieldByIndex(x.route.binding.body.index).Set(reflect.ValueOf(stream))
}

// Claim settles the request's Idempotency-Key once the body has been read:
// canonical is what the body said. The actor it returns calls the operation. An
// answer given before comes as an error, which the door returns as it is.
func (s *Stream) Claim(ctx context.Context, by soc.Actor, canonical []byte) (soc.Actor, error) {
	x := s.exchange
	x.canonicalBody = canonical
	by.Call.ArgumentDigest = x.argumentDigest()
	x.by.Call.ArgumentDigest = by.Call.ArgumentDigest
	if x.pending == nil {
		return by, nil
	}
	out, err := x.settleClaim(ctx)
	if err != nil {
		return by, err
	}
	if out != nil {
		return by, answered{out}
	}
	by.Idempotency = x.by.Idempotency
	return by, nil
}

// answered is an answer given before, on its way out of an operation.
type answered struct{ out *rendered }

func (answered) Error() string { return "answered before" }

func answeredBefore(err error) *rendered {
	if a := (answered{}); errors.As(err, &a) {
		return a.out
	}
	return nil
}

// pacedBody moves the deadlines of the connection along with a body.
func (x *exchange) pacedBody(body io.Reader) io.Reader {
	paced := Paced(x.w, body)
	return readerFunc(func(p []byte) (int, error) {
		read, err := paced.Read(p)
		if err != nil && err != io.EOF {
			err = x.unreadable(err)
		}
		return read, err
	})
}

// Paced gives a long body the time that its length takes: it moves the deadlines
// of the connection along while it is read, and cuts off one that trickles.
func Paced(w http.ResponseWriter, body io.Reader) io.Reader {
	control, start, n := http.NewResponseController(w), time.Now(), int64(0)
	return readerFunc(func(p []byte) (int, error) {
		due := start.Add(readTimeout + time.Duration(n/streamRate)*time.Second)
		_ = control.SetReadDeadline(due)                    // no deadlines in tests without a connection
		_ = control.SetWriteDeadline(due.Add(writeTimeout)) // the answer comes after the body
		read, err := body.Read(p)
		n += int64(read)
		return read, err
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
