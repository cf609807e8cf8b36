package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
)

// alertTarget bounds the rows a second of POST /alerts over those of the bare
// engine: it compares each alert with what is known by key and by content, finds
// the values in its payload and asks the suppressions before it stores anything.
const alertTarget = 1.0 / 3

// measureAlerts loads the case family's door of alerts with many clients.
func (b *bench) measureAlerts(ctx context.Context) error { return b.ingest(ctx, caseIntake, 1) }

var caseIntake = intake{
	section: "alerts", path: "/api/v1/alerts", target: alertTarget,
	body:  func(to *bytes.Buffer, first int64, _ int) { writeCaseAlert(to, first) },
	taken: func(status int, _ []byte, _ int) bool { return status == http.StatusCreated },
}

// writeCaseAlert is one alert of the size of a usual one: an asset, three
// declared observables and a payload with five more.
func writeCaseAlert(to *bytes.Buffer, n int64) {
	host := n % 5000
	fmt.Fprintf(to, `{"source":"edge_sensor","external_id":"bench-%d","severity":"high","title":"Suspicious PowerShell %d on WS-%04d","detected_at":"2026-06-02T09:14:00Z",
"description":"A document started PowerShell with an encoded command.","techniques":["T1059.001"],"asset":{"hostname":"WS-%04d","owner":"user%d@corp.example"},
"observables":[{"type":"hash","value":"%064x"},{"type":"ip","value":"203.0.113.%d"},{"type":"user","value":"CORP\\user%d"}],
"raw":{"event":{"process_name":"powershell.exe","user_name":"user%d@corp.example","command_line":"powershell.exe -EncodedCommand VwByAGkAdABlAA== https://files.example.net/%d"},
"network":[{"dst":"198.51.100.%d:443","query_name":"c2-%d.example.net"}],"allowed":true,"port":443}}`,
		n, n, host, host, n%900, n, n%250, n%900, n%900, n, n%250, n%700)
}
