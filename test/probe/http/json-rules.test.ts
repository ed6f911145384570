import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { MAX_JSON_BYTES } from "../../../src/probe/http/json-rules.ts";
import { probe, reasonOf, serveHttp } from "../lab.ts";

const BAD = "fail_if_body_json_matches_cel";
const GOOD = "fail_if_body_json_not_matches_cel";
const EMOJI = '{"foo": {"bar": "🤠🤠🤠"}}';

const cases: readonly {
  readonly name: string;
  readonly body: string | Buffer;
  readonly http: Record<string, unknown>;
  readonly reason: string;
}[] = [
  {
    name: "an expression that must not match and does",
    body: '{"foo": {"bar": "baz"}}',
    http: { [BAD]: "body.foo.bar == 'baz'" },
    reason: "body_mismatch",
  },
  {
    name: "an expression that must not match and does not",
    body: '{"foo": {"bar": "baz"}}',
    http: { [BAD]: "body.foo.bar == 'qux'" },
    reason: "succeeded",
  },
  {
    name: "an expression that must match and does",
    body: EMOJI,
    http: { [GOOD]: "body.foo.bar == '🤠🤠🤠'" },
    reason: "succeeded",
  },
  {
    name: "an expression that must match and does not",
    body: EMOJI,
    http: { [GOOD]: "body.foo.bar == '😿'" },
    reason: "body_mismatch",
  },
  {
    name: "both, of which the second fails",
    body: "[1, 2]",
    http: { [BAD]: "size(body) > 2", [GOOD]: "body[1] == 3" },
    reason: "body_mismatch",
  },
  { name: "a body that is a boolean", body: "true", http: { [GOOD]: "body" }, reason: "succeeded" },
  {
    name: "a field that is not there",
    body: "{}",
    http: { [BAD]: "body.foo.bar == 'qux'" },
    reason: "body_json",
  },
  {
    name: "an expression that gives no boolean",
    body: '{"foo": "bar"}',
    http: { [GOOD]: "body.foo" },
    reason: "body_json",
  },
  { name: "no JSON", body: "hello", http: { [GOOD]: "body.foo" }, reason: "body_json" },
  { name: "no body", body: "", http: { [BAD]: "body.foo" }, reason: "body_json" },
  {
    name: "JSON under a rule of regular expressions that fails first",
    body: "[1]",
    http: { [BAD]: "body[0] == 1", fail_if_body_matches_regexp: ["1"] },
    reason: "body_mismatch",
  },
  {
    name: "packed JSON",
    body: gzipSync('{"up": 1}'),
    http: { [GOOD]: "body.up == 1", compression: "gzip" },
    reason: "succeeded",
  },
  {
    name: "a wrong status",
    body: "[]",
    http: { [GOOD]: "false", valid_status_codes: [201] },
    reason: "http_status",
  },
  {
    name: "a body longer than the module's limit",
    body: "[1, 2]",
    http: { [GOOD]: "true", body_size_limit: 3 },
    reason: "body_too_large",
  },
  {
    name: "a body longer than what is read as JSON",
    body: `[${" ".repeat(MAX_JSON_BYTES)}]`,
    http: { [GOOD]: "true" },
    reason: "body_too_large",
  },
  {
    name: "a body that nests a million levels deep",
    body: "[".repeat(1_000_000),
    http: { [GOOD]: "true" },
    reason: "body_json",
  },
  {
    name: "a list over which loops within loops would take for ever",
    body: JSON.stringify(Array.from({ length: 100_000 }, (_, at) => at)),
    http: { [GOOD]: "body.all(x, body.exists(y, y == x))" },
    reason: "body_json",
  },
];

/** Endings in which the rules in CEL had their say. */
const BY_CEL: ReadonlySet<string> = new Set(["body_mismatch", "body_json", "body_too_large"]);

for (const { name, body, http, reason } of cases) {
  test(`a probe with ${name} ends as ${reason}`, async (t) => {
    const server = await serveHttp(t, (_request, response) => response.end(body));
    const outcome = await probe(`127.0.0.1:${server.port}`, http);
    assert.equal(reasonOf(outcome), reason);
    const isByRegexp = "fail_if_body_matches_regexp" in http;
    assert.equal(outcome.facts.isFailedByRegexp, isByRegexp);
    assert.equal(outcome.facts.isFailedByCel, BY_CEL.has(reason) && !isByRegexp);
  });
}

test("a module without an expression says nothing of CEL", async (t) => {
  const server = await serveHttp(t, (_request, response) => response.end("{}"));
  const outcome = await probe(`127.0.0.1:${server.port}`);
  assert.equal(outcome.facts.isFailedByCel, undefined);
});

test("a body that stops coming counts against the rule that waits for it", async (t) => {
  const server = await serveHttp(t, (_request, response) => {
    response.writeHead(200, { "content-length": 100 }).write("[");
  });
  const outcome = await probe(
    `127.0.0.1:${server.port}`,
    { [GOOD]: "true" },
    { timeoutSeconds: 0.3 },
  );
  assert.equal(reasonOf(outcome), "http_body_timeout");
  assert.equal(outcome.facts.isFailedByCel, true);
});
