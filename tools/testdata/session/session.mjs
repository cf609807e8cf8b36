// One session of the official TypeScript client with a running Vedette, from
// the list of incidents to a close-out that is held: what an agent does, and
// the one thing that only a person does, in between.
//
//   node session.mjs http|stdio BASE_URL BINARY DATABASE TRANSCRIPT SHAPE
//
// The server at BASE_URL was started with --demo on DATABASE; its credentials
// stand in DATABASE.demo.json. TRANSCRIPT receives every call with its values,
// SHAPE what must not change unnoticed: the calls, and the type of each field.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [transportName, base, binary, database, transcriptFile, shapeFile] = process.argv.slice(2);
const demo = JSON.parse(await readFile(`${database}.demo.json`, "utf8"));
const transcript = [];
const shape = [];

// ---- calling, recording ----

const client = new Client({ name: "vedette-session", version: "1.0.0" });
await client.connect(makeTransport());

function makeTransport() {
  if (transportName === "http") {
    return new StreamableHTTPClientTransport(new URL(`${base}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${demo.keys.agent}` } },
    });
  }
  assert.equal(transportName, "stdio");
  return new StdioClientTransport({
    command: binary,
    args: ["mcp"],
    env: { ...process.env, VEDETTE_DB: database, VEDETTE_KEY: demo.keys.agent },
  });
}

// call makes one tool call that must succeed, and returns its object. `record`
// is off for the repetitions of a poll, whose number depends on the clock.
async function call(name, args, { record = true } = {}) {
  const result = await client.callTool({ name, arguments: args });
  transcript.push({ tool: name, arguments: args, isError: result.isError ?? false, result: result.structuredContent ?? result.content });
  assert.ok(!result.isError, `${name} ${JSON.stringify(args)}: ${text(result)}`);
  assert.ok(result.structuredContent, `${name} answered no structured content`);
  assert.deepEqual(JSON.parse(text(result)), result.structuredContent, `${name}: the text is not the same object`);
  if (record) shape.push({ tool: name, arguments: shapeOf(args), result: shapeOf(result.structuredContent) });
  return result.structuredContent;
}

const text = (result) => result.content.filter((part) => part.type === "text").map((part) => part.text).join("\n");

// shapeOf replaces every value by its type. Elements of a list are merged,
// rows of a table are told by its columns.
function shapeOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return [value.map(shapeOf).reduce(merge, undefined) ?? "nothing"];
  if (typeof value !== "object") return typeof value;
  const members = Object.keys(value).sort().map((key) => {
    if (key === "columns") return [key, value[key]];
    if (key === "rows") return [key, "rows of the columns"];
    return [key, shapeOf(value[key])];
  });
  return Object.fromEntries(members);
}

function merge(left, right) {
  if (left === undefined || JSON.stringify(left) === JSON.stringify(right)) return right;
  if (Array.isArray(left) && Array.isArray(right)) return [merge(left[0], right[0])];
  if (isObject(left) && isObject(right)) {
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return Object.fromEntries(keys.map((key) => [key, key in left && key in right ? merge(left[key], right[key]) : (left[key] ?? right[key])]));
  }
  return [...new Set([left, right].flatMap((one) => (typeof one === "string" ? one.split(" or ") : ["structure"])))].sort().join(" or ");
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// rowsOf reads a table ({columns, rows}) as objects, wherever it stands.
function rowsOf(value) {
  if (Array.isArray(value)) return value.flatMap(rowsOf);
  if (!isObject(value)) return [];
  if (Array.isArray(value.columns) && Array.isArray(value.rows)) {
    return value.rows.map((row) => Object.fromEntries(value.columns.map((column, i) => [column, row[i]])));
  }
  return Object.values(value).flatMap(rowsOf);
}

async function until(what, attempt) {
  for (let round = 0; round < 60; round++) {
    const found = await attempt();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what}: not within the time a person would wait`);
}

// ---- the operator, over the ops API ----

// decide signs a person in, fetches the card as that person sees it and
// approves exactly its digest. It returns the state afterwards.
async function decide(person, gamebook) {
  const signIn = await ops("POST", "/session", { email: person.email, password: person.password });
  const cookie = signIn.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  assert.ok(cookie, "signing in set no cookie");
  const card = (await (await ops("GET", `/approvals/${gamebook}`, undefined, cookie)).json()).data;
  assert.match(card.digest, /^sha256:[0-9a-f]{64}$/);
  const answer = await ops("POST", `/approvals/${gamebook}/approve`, { digest: card.digest, comment: "Seen and agreed." }, cookie);
  const receipt = (await answer.json()).data;
  transcript.push({ operator: person.role, card, receipt });
  shape.push({ operator: "approve", card: shapeOf(card), receipt: shapeOf(receipt) });
  await ops("DELETE", "/session", undefined, cookie);
  return receipt.state;
}

async function ops(method, path, body, cookie) {
  const response = await fetch(`${base}/api/ops/v1${path}`, {
    method,
    headers: { ...(body && { "Content-Type": "application/json" }), ...(cookie && { Cookie: cookie }) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

// ---- the session ----

// Tools that change something are on offer, and nothing that approves is.
const offered = (await client.listTools()).tools.map((tool) => tool.name).sort();
for (const name of ["submit_gamebook", "submit_investigation"]) assert.ok(offered.includes(name));
assert.ok(!offered.some((name) => /approve|confirm|execute/.test(name)), `offered: ${offered}`);
shape.push({ tools: offered });

const incidents = rowsOf(await call("list_incidents", { limit: 50 }));
assert.ok(incidents.length > 0, "the demo has no open incident");

// A real incident with as few hosts to isolate as there is, so that the choice
// does not depend on ids, which are drawn anew for every demo.
const plan = await (async () => {
  const found = [];
  for (const { id, title } of incidents.filter((row) => !row.title.startsWith("Authored"))) {
    const offer = await call("list_playbooks", { incident_id: id, playbook_id: "isolate_host" }, { record: false });
    const targets = rowsOf(offer.playbooks.find((playbook) => playbook.id === "isolate_host").targets);
    if (targets.length > 0) found.push({ incident: id, title, playbook: "isolate_host", targets: targets.length, target: targets[0].entity_id });
  }
  found.sort((a, b) => a.targets - b.targets || (a.title < b.title ? -1 : 1));
  assert.ok(found.length > 0, "no incident of the demo has a host that isolate_host can act on");
  return found[0];
})();

await call("get_incident", { incident_id: plan.incident, include: ["alerts", "entities", "timeline"] });
const evidence = rowsOf(await call("search_evidence", { incident_id: plan.incident, limit: 5 }));
assert.ok(evidence.length > 0, `${plan.incident} has no evidence`);
const cited = evidence.slice(0, 2).map((row) => row.id);
await call("get_evidence", { incident_id: plan.incident, evidence_ids: cited });
await call("find_related", { entity_id: plan.target });

const triage = await call("triage_incident", { incident_id: plan.incident, force: true }); // the server may have triaged it already, or not yet
const handle = JSON.stringify(triage).match(/triage-[0-9A-Za-z-]+/)?.[0];
if (handle && !JSON.stringify(triage).includes("verdict")) {
  await until("triage", async () => JSON.stringify(await call("get_status", { ids: [handle] }, { record: false })).includes("verdict"));
}

await call("list_playbooks", { incident_id: plan.incident });
const submitted = await call("submit_gamebook", {
  incident_id: plan.incident,
  playbooks: [{ playbook_id: plan.playbook, entity_id: plan.target, sequence: 1 }],
  rationale: `Contain the host while the incident is looked into [${cited[0]}].`,
});
const gamebook = submitted.gamebook_id;
assert.match(gamebook, /^GB-[0-9A-HJKMNP-TV-Z]{6,8}$/);
assert.equal(submitted.is_queued_for_approval, true, "an untrusted agent's gamebook ran without a person");
const waiting = await call("get_status", { ids: [gamebook] });
assert.ok(!JSON.stringify(waiting).includes("Confirmed"), "confirmed before anybody approved");

let state = "pending";
for (const role of ["senior", "manager", "senior"]) {
  if (state !== "pending") break;
  const decided = transcript.filter((entry) => entry.operator === role).length;
  state = await decide(demo.operators.filter((person) => person.role === role)[decided], gamebook);
}
assert.equal(state, "approved");

// stepsOf finds the steps of a status: the rows or objects with an ACT- id.
function stepsOf(value) {
  const rows = rowsOf(value);
  const objects = [];
  (function walk(node) {
    if (Array.isArray(node)) node.forEach(walk);
    else if (isObject(node)) {
      objects.push(node);
      Object.values(node).forEach(walk);
    }
  })(value);
  return [...rows, ...objects].filter((one) => Object.values(one).some((field) => typeof field === "string" && /^ACT-/.test(field)));
}

const settled = await until("execution", async () => {
  const status = await call("get_status", { ids: [gamebook], wait_seconds: 5 }, { record: false });
  const steps = stepsOf(status);
  const words = steps.map((step) => step.status ?? step.state);
  const ended = words.find((word) => ["Failed", "Unknown", "Unconfirmed", "Cancelled", "NotRun"].includes(word));
  assert.ok(!ended, `a step ended as ${ended}: ${JSON.stringify(status)}`);
  // The last step is Confirmed a moment before the gamebook as a whole has ended.
  const over = JSON.stringify(status).includes('"Completed"');
  return over && steps.length > 0 && words.every((word) => word === "Confirmed") && status;
});
shape.push({ tool: "get_status", arguments: "once every step is Confirmed", result: shapeOf(settled) });

const closing = await call("submit_investigation", {
  incident_id: plan.incident,
  classification: "FalsePositive",
  classification_reason: "Other",
  malicious_score: 5,
  comment: `The activity was seen ${cited.map((id) => `[${id}]`).join(" ")} and is contained.`,
  gamebook_ids: [gamebook],
});
assert.equal(closing.success, true);
assert.equal(closing.held, true, "closing was not held for a person");
assert.ok(closing.hold_reasons.length > 0, "held without a reason");
assert.equal(closing.status_updated, false);
assert.equal(closing.new_status, closing.previous_status);

await client.close();
await writeFile(transcriptFile, `${JSON.stringify(transcript, null, 2)}\n`);
await writeFile(shapeFile, `${JSON.stringify(shape, null, 2)}\n`);
console.log(`${transportName}: ${transcript.length} exchanges on ${plan.incident}, ${gamebook} confirmed, close-out held: ${closing.hold_reasons.join(", ")}`);
