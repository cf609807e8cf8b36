package agent

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// Endpoint makes one attempt at one chat completion. It never repeats one.
type Endpoint interface {
	Complete(ctx context.Context, request openai.ChatCompletionRequest) (openai.ChatCompletionResponse, *Fault)
}

// FaultKind says what to do about a failed attempt.
type FaultKind string

// The kinds of faults (T22).
const (
	FaultTimeout     FaultKind = "timeout"
	FaultUnavailable FaultKind = "unavailable" // 5xx, a broken connection, an answer that is none
	FaultLimited     FaultKind = "limited"     // 429
	FaultOverflow    FaultKind = "overflow"    // more than the model's context
	FaultFiltered    FaultKind = "filtered"    // a content filter refused the request
	FaultUnsupported FaultKind = "unsupported" // a parameter the endpoint does not take
	FaultRefused     FaultKind = "refused"     // 401, 403, 404 and the like
	FaultStopped     FaultKind = "stopped"     // the run was stopped
	FaultMissing     FaultKind = "missing"     // not in the recording
)

// Fault is a failed attempt, as the transcript keeps it. Its text is ours: what
// an endpoint says in an error is not repeated.
type Fault struct {
	Kind   FaultKind `json:"kind"`
	Status int       `json:"status,omitempty"`
	// Param is the parameter that is not supported, of a closed set.
	Param string `json:"param,omitempty"`
	// RetryAfter is what a 429 or 503 asked for.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
}

// Settings say where a model is and how to ask it.
type Settings struct {
	// BaseURL up to and without /chat/completions, such as
	// https://api.openai.com/v1 or http://127.0.0.1:11434/v1.
	BaseURL string
	Key     string
	// Headers are sent with every request.
	Headers map[string]string
	// AzureVersion makes this an Azure OpenAI resource; BaseURL is then the
	// resource's and models are deployments.
	AzureVersion string
	// Client is the one outbound client (S50).
	Client *http.Client
}

// live is an endpoint over HTTP.
type live struct{ client *openai.Client }

// NewEndpoint makes a live endpoint.
func NewEndpoint(s Settings) (Endpoint, error) {
	if s.Client == nil || s.BaseURL == "" {
		return nil, errors.New("agent: an endpoint needs a URL and the outbound client")
	}
	config := openai.DefaultConfig(s.Key)
	if s.AzureVersion != "" {
		config = openai.DefaultAzureConfig(s.Key, s.BaseURL)
		config.APIVersion = s.AzureVersion
		config.AzureModelMapperFunc = func(model string) string { return model }
	}
	config.BaseURL = strings.TrimRight(s.BaseURL, "/")
	config.HTTPClient = &sender{client: s.Client, headers: s.Headers}
	return &live{openai.NewClientWithConfig(config)}, nil
}

// sender adds the operator's headers and keeps what the library drops of an
// answer: how long to wait.
type sender struct {
	client  *http.Client
	headers map[string]string
}

type waitKey struct{}

func (s *sender) Do(req *http.Request) (*http.Response, error) {
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	answer, err := s.client.Do(req)
	if err == nil {
		if wait, ok := req.Context().Value(waitKey{}).(*time.Duration); ok {
			*wait = retryAfter(answer.Header.Get("Retry-After"), time.Now())
		}
	}
	return answer, err
}

// retryAfter reads seconds or a date (RFC 9110); what is neither is 0.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && seconds > 0 && seconds < 86_400 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

func (l *live) Complete(ctx context.Context, request openai.ChatCompletionRequest) (openai.ChatCompletionResponse, *Fault) {
	var wait time.Duration
	answer, err := l.client.CreateChatCompletion(context.WithValue(ctx, waitKey{}, &wait), request)
	if err == nil && len(answer.Choices) == 0 {
		return answer, &Fault{Kind: FaultUnavailable, Status: http.StatusOK}
	}
	if err == nil {
		return answer, nil
	}
	fault := faultOf(ctx, err)
	fault.RetryAfter = wait
	return answer, fault
}

// reasoningParams are what the library refuses to send to reasoning models,
// before anything leaves.
var reasoningParams = map[error]string{
	openai.ErrReasoningModelMaxTokensDeprecated: paramMaxTokens,
	openai.ErrReasoningModelLimitationsOther:    paramTemperature,
	openai.ErrReasoningSamplingUnsupported:      paramTemperature,
	openai.ErrReasoningToolsRequireResponses:    paramTools,
}

func faultOf(ctx context.Context, err error) *Fault {
	var refused *openai.APIError
	var broken *openai.RequestError
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		return &Fault{Kind: FaultStopped}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Fault{Kind: FaultTimeout}
	case errors.As(err, &refused):
		return statusFault(refused.HTTPStatusCode, refusalText(refused))
	case errors.As(err, &broken) && broken.HTTPStatusCode >= 400:
		return statusFault(broken.HTTPStatusCode, strings.ToLower(string(broken.Body)))
	}
	for local, param := range reasoningParams {
		if errors.Is(err, local) {
			return &Fault{Kind: FaultUnsupported, Param: param}
		}
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &Fault{Kind: FaultTimeout}
	}
	return &Fault{Kind: FaultUnavailable}
}

// refusalText is what tells kinds of a 400 apart.
func refusalText(e *openai.APIError) string {
	text := e.Message + " " + e.Type
	if e.Param != nil {
		text += " " + *e.Param
	}
	if code, ok := e.Code.(string); ok {
		text += " " + code
	}
	if e.InnerError != nil {
		text += " " + e.InnerError.Code
	}
	return strings.ToLower(text)
}

func statusFault(status int, text string) *Fault {
	f := &Fault{Kind: FaultRefused, Status: status}
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case status == http.StatusTooManyRequests:
		f.Kind = FaultLimited
	case status >= 500, status == http.StatusRequestTimeout:
		f.Kind = FaultUnavailable
	case status == http.StatusRequestEntityTooLarge, has("context_length", "context length", "maximum context", "context size", "too many tokens", "exceeds the available context"):
		f.Kind = FaultOverflow
	case has("content_filter", "content management policy", "responsibleaipolicy"):
		f.Kind = FaultFiltered
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status == http.StatusNotImplemented:
		for _, param := range []struct {
			name  string
			words []string
		}{
			{paramFormat, []string{"response_format", "json_schema", "grammar", "guided"}},
			{paramTools, []string{"tool", "function"}},
			{paramSeed, []string{"seed"}},
			{paramTemperature, []string{"temperature"}},
			{paramMaxTokens, []string{"max_tokens", "max_completion_tokens"}},
		} {
			if has(param.words...) {
				return &Fault{Kind: FaultUnsupported, Status: status, Param: param.name}
			}
		}
	}
	return f
}

// Parameters that not every endpoint takes (T19).
const (
	paramFormat      = "response_format"
	paramTools       = "tools"
	paramSeed        = "seed"
	paramTemperature = "temperature"
	paramMaxTokens   = "max_tokens"
)
