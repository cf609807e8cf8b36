package agent

import (
	"encoding/json"
	"fmt"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// cutLabel splits a data message into its label and its JSON; "" for any other.
// The answer of a tool is data too, without a label.
func cutLabel(m openai.ChatCompletionMessage) (label, body string) {
	if m.Role == openai.ChatMessageRoleTool {
		return "DATA", m.Content
	}
	label, body, found := strings.Cut(m.Content, "\n")
	if m.Role != openai.ChatMessageRoleUser || !found || !strings.HasPrefix(label, "DATA ") {
		return "", ""
	}
	return label, body
}

func shortened(value any) any {
	switch v := value.(type) {
	case string:
		if len(v) <= compactValue {
			return v
		}
		// A text that is itself JSON is shortened inside, so that it stays one.
		var inner any
		if (strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[")) && json.Unmarshal([]byte(v), &inner) == nil {
			if raw, err := marshal(shortened(inner)); err == nil {
				return string(raw)
			}
		}
		kept := strings.ToValidUTF8(v[:compactValue], "")
		return kept + fmt.Sprintf(" [%d bytes left out]", len(v)-len(kept))
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			out[key] = shortened(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = shortened(member)
		}
		return out
	}
	return value
}
