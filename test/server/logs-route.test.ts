import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeOutcome } from "../../src/probe/prober.ts";
import { ProbeHistory } from "../../src/report/probe-history.ts";
import { ask, SUCCEEDED, serve } from "./support.ts";

const FAILED: ProbeOutcome = {
  ...SUCCEEDED,
  kind: "failed",
  reason: "icmp_timeout",
  detail: "no answer",
};

/** Two kept, three pushed out, of which the failed one, of id 0, is kept apart. */
function history(): ProbeHistory {
  const kept = new ProbeHistory(2);
  const add = (target: string, moduleName: string, outcome: ProbeOutcome): void => {
    const debugText = () => `${target} by ${moduleName}, ${outcome.kind}`;
    kept.add({ target, moduleName, outcome, debugText });
  };
  add("a.example", "icmp", FAILED);
  add("b.example", "icmp", SUCCEEDED);
  add("c.example", "icmp", SUCCEEDED);
  add("a.example", "http_2xx", SUCCEEDED);
  add("a.example", "icmp", SUCCEEDED);
  return kept;
}

const BOTH = "Probe id and target can't be defined at the same time\n";
const NEITHER = "Probe id or target must be defined as http query parameters\n";
const ALONE = "Probe module filter only works in conjunction with target parameter\n";
const NO_ID = "Probe id not found\n";
const NO_TARGET = "Probe target not found\n";

const cases = [
  { query: "id=0", status: 200, body: "a.example by icmp, failed" },
  { query: "id=3", status: 200, body: "a.example by http_2xx, succeeded" },
  { query: "id=%2B3", status: 200, body: "a.example by http_2xx, succeeded" },
  { query: "id=1", status: 404, body: NO_ID },
  { query: "id=5", status: 404, body: NO_ID },
  { query: "id=-2", status: 404, body: NO_ID },
  { query: "id=-1", status: 400, body: NEITHER },
  { query: "id=9223372036854775807", status: 404, body: NO_ID },
  { query: "id=9223372036854775808", status: 400, body: NEITHER },
  { query: `id=${"9".repeat(5_000)}`, status: 400, body: NEITHER },
  { query: "id=0x0", status: 400, body: NEITHER },
  { query: "id=", status: 400, body: NEITHER },
  { query: "", status: 400, body: NEITHER },
  { query: "module=icmp", status: 400, body: NEITHER },
  { query: "target=a.example", status: 200, body: "a.example by icmp, failed" },
  { query: "target=a.example&module=icmp", status: 200, body: "a.example by icmp, failed" },
  { query: "target=a.example&module=", status: 200, body: "a.example by icmp, failed" },
  {
    query: "target=a.example&module=http_2xx",
    status: 200,
    body: "a.example by http_2xx, succeeded",
  },
  { query: "target=a.example&id=zero", status: 200, body: "a.example by icmp, failed" },
  { query: "target=a.example&module=dns", status: 404, body: NO_TARGET },
  { query: "target=b.example", status: 404, body: NO_TARGET },
  { query: "target=a.example&id=0", status: 400, body: BOTH },
  { query: "target=a.example&id=-1", status: 400, body: BOTH },
  { query: "id=0&module=icmp", status: 400, body: ALONE },
  { query: "id=9&module=icmp", status: 400, body: ALONE },
] as const;

for (const { query, status, body } of cases) {
  test(`/logs?${query.slice(0, 40)} answers ${status}`, async () => {
    await using server = await serve({ history: history() });
    const answer = await ask(server.port, `/logs?${query}`);
    assert.equal(answer.status, status);
    assert.equal(answer.body, body);
    assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  });
}

for (const method of ["POST", "PUT", "DELETE", "HEAD"]) {
  test(`/logs takes ${method}`, async () => {
    await using server = await serve({ history: history() });
    const answer = await ask(server.port, "/logs?id=0", { method });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, method === "HEAD" ? "" : "a.example by icmp, failed");
  });
}
