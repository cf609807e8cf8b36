// Package fakellm is a model endpoint for tests: chat completions with tools
// over real HTTP, streaming off, with every way to fail that endpoints have.
//
// It knows the wire and nothing of the loop, so that the two cannot share a
// misunderstanding. Production code never imports it (cmd/check holds that).
package fakellm

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Request is a chat completion as it arrived.
type Request struct {
	Model    string    `json:"model"`
	Messages []Message `json:"messages"`
	Tools    []struct {
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	ResponseFormat json.RawMessage `json:"response_format"`
	Seed           *int            `json:"seed"`
	Temperature    *float64        `json:"temperature"`
	MaxTokens      int             `json:"max_tokens"`
	Stream         bool            `json:"stream"`
	// Header is that of the HTTP request, Path its path and query.
	Header http.Header `json:"-"`
	Path   string      `json:"-"`
	// Bytes of the body.
	Bytes int `json:"-"`
}

// Message is one message of a request.
type Message struct {
	Role       string `json:"role"`
	Content    string `json:"content"`
	ToolCallID string `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

// Stage is the stage that the system message names, or "".
func (r Request) Stage() string {
	if len(r.Messages) == 0 {
		return ""
	}
	_, rest, found := strings.Cut(r.Messages[0].Content, "\nStage: ")
	if !found {
		return ""
	}
	name, _, _ := strings.Cut(rest, ".")
	return strings.ReplaceAll(name, "-", "_")
}

// Data is the body of the first data message whose label begins so.
func (r Request) Data(label string) string {
	for _, m := range r.Messages {
		if head, body, found := strings.Cut(m.Content, "\n"); found && strings.HasPrefix(head, "DATA "+label) {
			return body
		}
	}
	return ""
}

// Call is a tool call that the model makes.
type Call struct{ Name, Arguments string }

// Reply is what the endpoint does.
type Reply struct {
	// Status other than 0 and 200 is an error with this code and message.
	Status     int
	Code       string
	Message    string
	Param      string
	RetryAfter string
	// Content, Refusal and Calls are the answer.
	Content string
	Refusal string
	Calls   []Call
	// Finish is the finish reason; by default stop, or tool_calls.
	Finish string
	// NoUsage leaves the usage block out.
	NoUsage bool
	// Raw is sent instead of an answer.
	Raw string
	// Hang says nothing until the client leaves; Drop breaks the connection
	// inside the answer; Slow waits between bytes.
	Hang bool
	Drop bool
	Slow time.Duration
}

// Server is a running endpoint.
type Server struct {
	// URL is the base URL, with /v1.
	URL string

	http     *httptest.Server
	mu       sync.Mutex
	answer   func(Request) Reply
	requests []Request
	hung     chan struct{}
}

// New starts an endpoint on a loopback address that answers by a function.
func New(answer func(Request) Reply) *Server {
	s := &Server{answer: answer, hung: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL + "/v1"
	return s
}

// Close stops the endpoint.
func (s *Server) Close() {
	close(s.hung)
	s.http.Close()
}

// Answer changes what it answers.
func (s *Server) Answer(answer func(Request) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Requests are all that arrived, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var in Request
	if err != nil || json.Unmarshal(body, &in) != nil || !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
		return
	}
	in.Header, in.Path, in.Bytes = r.Header, r.URL.RequestURI(), len(body)
	s.mu.Lock()
	s.requests = append(s.requests, in)
	answer := s.answer
	s.mu.Unlock()
	s.reply(w, r, in, answer(in))
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request, in Request, out Reply) {
	if out.Hang {
		select {
		case <-r.Context().Done():
		case <-s.hung:
		}
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	if out.RetryAfter != "" {
		w.Header().Set("Retry-After", out.RetryAfter)
	}
	if out.Status != 0 && out.Status != http.StatusOK {
		w.WriteHeader(out.Status)
		fault := map[string]any{"message": out.Message, "type": "error", "code": out.Code}
		if out.Param != "" {
			fault["param"] = out.Param
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"error": fault})
		return
	}
	body := []byte(out.Raw)
	if out.Raw == "" {
		body = completion(in, out)
	}
	switch {
	case out.Drop:
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case out.Slow > 0:
		for i := range body {
			if _, err := w.Write(body[i : i+1]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-time.After(out.Slow):
			case <-r.Context().Done():
				return
			}
		}
	default:
		_, _ = w.Write(body)
	}
}

// completion is an answer as endpoints write it.
func completion(in Request, out Reply) []byte {
	message := map[string]any{"role": "assistant", "content": out.Content}
	finish := "stop"
	if out.Refusal != "" {
		message["refusal"] = out.Refusal
	}
	if len(out.Calls) > 0 {
		finish = "tool_calls"
		var calls []map[string]any
		for n, c := range out.Calls {
			calls = append(calls, map[string]any{
				"id": "call_" + string(rune('a'+n%26)), "type": "function", "function": map[string]any{"name": c.Name, "arguments": c.Arguments},
			})
		}
		message["tool_calls"] = calls
	}
	if out.Finish != "" {
		finish = out.Finish
	}
	body := map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": in.Model,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}},
	}
	if !out.NoUsage {
		prompt, answer := in.Bytes/4, len(out.Content)/4+1
		body["usage"] = map[string]any{"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	return raw
}
