// A client of all families, whose types are generated from the documents: it
// compiles only while they say what it asks and reads, and it asks a running
// server, so that what compiles also works. Arguments: the base URL, and the
// credentials that `serve --demo` writes, as JSON.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[]; exitCode: number };

interface Demo {
  workspaces: { id: string; name: string }[];
  service_account: { client_id: string; client_secret: string };
  keys: { case: string; triage: string; ops_admin: string };
  operators: { email: string; password: string; role: string }[];
}

const base = process.argv[2] ?? "";
const demo = JSON.parse(process.argv[3] ?? "{}") as Demo;
const workspaceId = demo.workspaces[0]?.id ?? "";

function client(headers: Record<string, string>): Client<paths> {
  const made = createClient<paths>({ baseUrl: base, headers });
  made.use(identified);
  return made;
}

// identified holds every answer to carrying the id the audit knows it by.
const identified: Middleware = {
  onResponse({ response }) {
    if (!response.headers.get("x-request-id")) throw new Error("an answer without X-Request-Id");
  },
};

// need unwraps an answer, or stops with what the server said.
function need<T>(what: string, answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) {
    throw new Error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  console.log(`${what}: ${answer.response.status}`);
  return answer.data;
}

function same(what: string, got: unknown, want: unknown): void {
  if (got !== want) throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

const bearer = (key: string) => client({ Authorization: `Bearer ${key}` });
const basic = btoa(`${demo.service_account.client_id}:${demo.service_account.client_secret}`);

async function operations(): Promise<void> {
  const ops = bearer(demo.keys.ops_admin);
  const stored = need("ops ingest", await ops.POST("/api/ops/v1/ingest/{format}", {
    params: { path: { format: "generic" } },
    body: [{ external_id: "typed-1", source: "typed", title: "From a generated client", severity: "high" }],
  }));
  same("created", stored.data.created, 1);
  const who = need("ops who am I", await ops.GET("/api/ops/v1/session"));
  same("kind", who.data.kind, "service");

  const manager = demo.operators.find((o) => o.role === "manager");
  if (!manager) throw new Error("the demo has no manager");
  const signed = await client({}).POST("/api/ops/v1/session", { body: { email: manager.email, password: manager.password } });
  const session = need("ops sign in", signed);
  same("state", session.data.state, "active");
  const cookie = (signed.response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const person = client({ Cookie: cookie });
  const waiting = need("ops approvals", await person.GET("/api/ops/v1/approvals", { params: { query: { state: "pending", pageSize: 5 } } }));
  same("more", typeof waiting.pagination.hasMore, "boolean");
  need("ops kill switch", await person.GET("/api/ops/v1/kill-switch"));
}

async function portal(): Promise<void> {
  const api = client({ Authorization: `Basic ${basic}` });
  const path = { workspaceId, source: "typed", incidentId: "typed-1" };
  const one = need("portal incident", await api.GET("/api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}", { params: { path } }));
  same("title", one.data.incident.title, "From a generated client");
  need("portal evidence", await api.GET("/api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}/evidence", { params: { path, query: { pageSize: 3 } } }));
  const before = need("portal comments", await api.GET("/api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}/comments", { params: { path } }));
  same("comments", before.data.length, 0);
  const missing = await api.GET("/api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}", { params: { path: { ...path, incidentId: "none" } } });
  same("a missing incident", missing.error?.code, "NOT_FOUND");
}

async function triage(): Promise<void> {
  const api = bearer(demo.keys.triage);
  const list = need("triage list", await api.GET("/api/incidents", { params: { query: { per_page: 5, severity: ["high", "critical"], sort: "-created_at" } } }));
  const first = list.data[0];
  if (!first) throw new Error("the list is empty");
  const one = need("triage incident", await api.GET("/api/incidents/{id}", { params: { path: { id: first.id } } }));
  same("id", one.data.id, first.id);
  const bad = await api.GET("/api/incidents", { params: { query: { page: 0 } } });
  same("page 0", bad.error?.error.code, "validation_error");
  const run = need("triage run", await api.POST("/api/incidents/{id}/triage", { params: { path: { id: first.id }, header: { "Idempotency-Key": "typed-1" } }, body: { force: true } }));
  same("handle", run.data.triage_id.startsWith("triage-"), true);
}

async function cases(): Promise<void> {
  const api = bearer(demo.keys.case);
  const sent = need("case alert", await api.POST("/api/v1/alerts", {
    body: { source: "typed", external_id: "typed-2", severity: "high", title: "From a generated client", observables: [{ type: "ip", value: "192.0.2.7" }] },
  }));
  const one = need("case alert again", await api.GET("/api/v1/alerts/{id}", { params: { path: { id: sent.id ?? "" } } }));
  same("its title", one.title, "From a generated client");
  const list = need("case alerts", await api.GET("/api/v1/alerts", { params: { query: { limit: 5, severity: ["high"] } } }));
  same("more", typeof list.has_more, "boolean");
  need("cases", await api.GET("/api/v1/cases", { params: { query: { limit: 5 } } }));
}

try {
  await operations();
  await portal();
  await triage();
  await cases();
} catch (fault) {
  console.error(String(fault));
  process.exitCode = 1;
}
