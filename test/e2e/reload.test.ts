import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { canRunLab } from "../netlab/can-run.ts";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { parseExposition, sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";

const LIMIT_SECONDS = 20;

/** Fails at once: nobody listens there. */
const CLOSED = "http://127.0.0.1:1/";

function fileWith(targets: string, more = ""): string {
  return `
probe: {targets: none}
${more}
groups:
  - {name: a, modules: [http_2xx], interval: 1s, targets: [${targets}]}
`;
}

async function started(t: TestContext, config: string, flags: readonly string[] = []) {
  const agent = await startAgent({ config, flags });
  t.after(() => agent.stop());
  return agent;
}

/** As editors and operators of fleets write it: whole, by a rename. */
function rewrite(agent: AgentProcess, text: string): void {
  writeFileSync(`${agent.configFile}.new`, text);
  renameSync(`${agent.configFile}.new`, agent.configFile);
}

async function post(agent: AgentProcess, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${agent.url}${path}`, { method: "POST" });
  return { status: response.status, body: await response.text() };
}

function valueOf(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  return sampleValue(parseExposition(text), name, labels);
}

const probesOf = (text: string, target: string): number | undefined =>
  valueOf(text, "sounder_probes_total", { target });

test("POST /-/reload puts a new file in force, and targets that stayed keep their counters", async (t) => {
  const kept = `"${CLOSED}kept"`;
  const agent = await started(t, fileWith(`${kept}, "${CLOSED}old"`), ["--web.enable-lifecycle"]);
  await until(async () => (probesOf(await agent.scrape(), `${CLOSED}kept`) ?? 0) >= 2, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "two probes",
  });
  const before = probesOf(await agent.scrape(), `${CLOSED}kept`) ?? 0;
  rewrite(agent, fileWith(`${kept}, "${CLOSED}new"`));
  assert.equal((await post(agent, "/-/reload")).status, 200);
  const text = await agent.scrape();
  assert.ok((probesOf(text, `${CLOSED}kept`) ?? 0) >= before);
  assert.equal(probesOf(text, `${CLOSED}old`), undefined);
  assert.notEqual(probesOf(text, `${CLOSED}new`), undefined);
  assert.equal(valueOf(text, "sounder_config_last_reload_successful", {}), 1);
  await until(async () => (probesOf(await agent.scrape(), `${CLOSED}new`) ?? 0) >= 1, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "a probe of the new target",
  });
});

test("a bad file changes nothing, and says why in the answer, the log and the metric", async (t) => {
  const agent = await started(t, fileWith(`"${CLOSED}a"`), ["--web.enable-lifecycle"]);
  rewrite(agent, fileWith(`"${CLOSED}a"`).replace("interval", "intervall"));
  const { status, body } = await post(agent, "/-/reload");
  assert.equal(status, 500);
  assert.match(body, /sounder\.yml:5:\d+: .*intervall/);
  assert.match(agent.stderr(), /the configuration was not reloaded/);
  const text = await agent.scrape();
  assert.equal(valueOf(text, "sounder_config_last_reload_successful", {}), 0);
  assert.notEqual(probesOf(text, `${CLOSED}a`), undefined);
  rewrite(agent, fileWith(`"${CLOSED}a"`));
  assert.equal((await post(agent, "/-/reload")).status, 200);
  assert.equal(valueOf(await agent.scrape(), "sounder_config_last_reload_successful", {}), 1);
});

test("SIGHUP reloads, without the flag that opens the endpoint, which answers 403", async (t) => {
  const agent = await started(t, fileWith(`"${CLOSED}a"`));
  rewrite(agent, fileWith(`"${CLOSED}a", "${CLOSED}b"`));
  assert.equal((await post(agent, "/-/reload")).status, 403);
  assert.equal(probesOf(await agent.scrape(), `${CLOSED}b`), undefined);
  process.kill(agent.processId, "SIGHUP");
  await until(async () => probesOf(await agent.scrape(), `${CLOSED}b`) !== undefined, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "the new target",
  });
});

test("a reload gives /probe its modules and policy with the next request", async (t) => {
  const server = createServer((_request, response) => response.end("fine"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const url = `http://127.0.0.1:${address.port}/`;
  const agent = await started(t, "modules: {other: {prober: http}}", ["--web.enable-lifecycle"]);
  const probe = (module: string) =>
    agent.request(`/probe?module=${module}&target=${encodeURIComponent(url)}`);
  assert.match((await probe("other")).body, /^probe_success 1$/m);
  rewrite(agent, "modules: {another: {prober: http}}");
  assert.equal((await post(agent, "/-/reload")).status, 200);
  assert.equal((await probe("other")).status, 400);
  assert.match((await probe("another")).body, /^probe_success 1$/m);
  rewrite(agent, "modules: {another: {prober: http}}\nprobe: {deny: [127.0.0.0/8]}");
  assert.equal((await post(agent, "/-/reload")).status, 200);
  assert.equal((await probe("another")).status, 403);
});

test("--config.enable-auto-reload takes in a changed file by itself", async (t) => {
  const flags = ["--config.enable-auto-reload", "--config.auto-reload-interval=1"];
  const agent = await started(t, fileWith(`"${CLOSED}a"`), flags);
  rewrite(agent, fileWith(`"${CLOSED}b"`));
  await until(async () => probesOf(await agent.scrape(), `${CLOSED}b`) !== undefined, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "the new target",
  });
});

const noEcho = await canRunLab();

test("a reload that needs another engine measures on with it, and scrapes meanwhile are whole", {
  skip: noEcho ?? false,
}, async (t) => {
  const file = (more: string): string =>
    `${more}\ngroups: [{name: a, modules: [icmp], interval: 100ms, targets: [127.0.0.1]}]\n`;
  const agent = await started(t, file(""), ["--web.enable-lifecycle"]);
  const echoes = async (): Promise<number> =>
    valueOf(await agent.scrape(), "sounder_icmp_echoes_total", { target: "127.0.0.1" }) ?? 0;
  await until(async () => (await echoes()) >= 3, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "three echoes",
  });
  rewrite(agent, file("icmp: {max_fast_packets_per_second: 10}"));
  const [answer, ...scrapes] = await Promise.all([
    post(agent, "/-/reload"),
    agent.scrape(),
    agent.scrape(),
  ]);
  assert.deepEqual(answer.status, 200, answer.body);
  for (const text of scrapes) assert.match(text, /^sounder_icmp_echoes_total\{/m);
  // The engine is another one: its counters begin anew, which Prometheus reads as a reset.
  await until(async () => (await echoes()) >= 3, {
    deadlineSeconds: LIMIT_SECONDS,
    what: "three echoes of the new engine",
  });
  assert.equal(
    valueOf(await agent.scrape(), "sounder_icmp_lost_total", { target: "127.0.0.1" }),
    0,
  );
});
