package declared

// firewall is a declaration of a made-up product that uses what the format has.
const firewall = `
format: vedette.connector.v1
title: Edge firewall
base_url: BASE/api
auth: {type: oauth2, token_url: BASE/login/token, scopes: [blocklist]}
key_header: Idempotency-Key
targets:
  - {kind: ip, property: address, form: "[0-9a-f.:]+"}
playbooks:
  - id: block_ip
    request:
      method: POST
      path: /v1/zones/edge/entries
      query: {origin: vedette}
      headers: {X-Client: vedette}
      body:
        entry: {address: "{target}", direction: "{direction}", hours: "{duration_hours}"}
        notes: ["blocked by step {key}", "{{not a reference}}"]
        silent: true
    parameters:
      - {name: direction, words: {both: any, inbound: in}}
    accept: {status: [200, 202], equals: [{path: result.state, value: accepted}, {path: result.address, value: "{target}"}]}
    decline:
      - {status: [200], equals: [{path: result.state, value: refused}]}
    reference: result.ids[0]
    permission: "blocklist: edit"
  - id: unblock_ip
    request: {method: DELETE, path: "/v1/zones/edge/entries/{target}"}
    accept: {status: [204]}
    permission: "blocklist: edit"
probes:
  - operation: address.state
    request: {method: GET, path: "/v1/zones/edge/entries/{target}", query: {step: "{key}"}}
    states:
      - {word: blocked, status: [200], equals: [{path: address, value: "{target}"}, {path: active, value: true}]}
      - {word: pending, status: [200], equals: [{path: address, value: "{target}"}, {path: active, value: false}]}
      - {word: open, status: [404], equals: [{path: error.code, value: 1404}]}
check:
  - name: read entries
    request: {method: GET, path: /v1/zones/edge}
    accept: {status: [200], equals: [{path: zone, value: edge}]}
    permission: "blocklist: view"
    playbooks: [block_ip, unblock_ip]
`
