import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { ask, configOf, serve } from "./support.ts";

const modes = [
  { policyMode: "any", sentence: "any target may be probed (probe.targets: any)" },
  { policyMode: "configured", sentence: "targets of a group and of probe.allow may be probed" },
  { policyMode: "none", sentence: "only targets of probe.allow may be probed" },
] as const;

for (const { policyMode, sentence } of modes) {
  test(`/config says that the policy ${policyMode} is in force`, async () => {
    const config = configOf("modules: {quick: {prober: icmp, timeout: 300ms}}");
    await using server = await serve({ configuration: () => ({ config, policyMode }) });
    const answer = await ask(server.port, "/config");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.ok(answer.body.split("\n").includes(`# On demand, ${sentence}.`));
    assert.equal(parse(answer.body).modules.quick.timeout, "300ms");
  });
}

test("/config shows what is in force at the time", async () => {
  let config = configOf("modules: {first: {prober: icmp}}");
  await using server = await serve({ configuration: () => ({ config, policyMode: "any" }) });
  assert.match((await ask(server.port, "/config")).body, /^ {2}first:$/m);
  config = configOf("modules: {second: {prober: icmp}}");
  assert.match((await ask(server.port, "/config")).body, /^ {2}second:$/m);
});

test("/config is compressed where the client takes it", async () => {
  await using server = await serve();
  const answer = await ask(server.port, "/config", { headers: { "Accept-Encoding": "gzip" } });
  assert.equal(answer.headers["content-encoding"], "gzip");
  assert.match(gunzipSync(answer.bytes).toString(), /^modules:$/m);
});

test("/config takes any method, HEAD without a body", async () => {
  await using server = await serve();
  const post = await ask(server.port, "/config", { method: "POST" });
  assert.match(post.body, /^modules:$/m);
  const head = await ask(server.port, "/config", { method: "HEAD" });
  assert.deepEqual([head.status, head.body], [200, ""]);
});
