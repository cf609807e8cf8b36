package console_test

import "maps"

// operatorExamples are those of the pages about the server rather than about
// an incident; a file of their own, beside examples.
var operatorExamples = map[string]example{
	"GET w/overview": {Query: "window=day", Status: 200},
}

func init() { maps.Copy(examples, operatorExamples) }
