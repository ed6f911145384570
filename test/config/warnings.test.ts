import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/parse-config.ts";
import { warningsOf } from "../../src/config/warnings.ts";

function warningsIn(text: string): readonly string[] {
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new Error(`Cannot go on: ${JSON.stringify(parsed.problems)}`);
  return warningsOf(parsed.value);
}

test("warningsOf() a module for HTTP/3 name the way out", () => {
  const warnings = warningsIn(
    "modules: {quick: {prober: http, http: {enable_http3: true, enable_http2: false}}}",
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^module "quick": every probe fails: .*probe with HTTP\/2/);
});

test("warningsOf() a version that no answer has say how it is written", () => {
  assert.deepEqual(
    warningsIn('modules: {web: {prober: http, http: {valid_http_versions: ["HTTP/2", HTTP/1.1]}}}'),
    ['module "web": no answer has the version "HTTP/2": HTTP/2 is written HTTP/2.0'],
  );
});

test("warningsOf() leave out blocks that no prober reads", () => {
  assert.deepEqual(
    warningsIn("modules: {a: {prober: tcp, http: {enable_http3: true, enable_http2: false}}}"),
    [],
  );
});
