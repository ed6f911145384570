import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { packageRoot } from "../support/golden.ts";
import { type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { promtoolMissing } from "../support/promtool.ts";
import { until } from "../support/until.ts";

const FOLDER = join(packageRoot(), "deploy", "prometheus");
const EXAMPLES = "scrape-examples.yml";
const WAIT_SECONDS = 60;

for (const name of ["prometheus.yml", EXAMPLES]) {
  test(`promtool finds ${name} valid, rules and files of targets included`, {
    skip: promtoolMissing,
  }, () => {
    const directory = mkdtempSync(join(tmpdir(), "sounder-scrape-"));
    try {
      cpSync(FOLDER, directory, { recursive: true });
      writeTargets(directory, "192.0.2.10:10707", "192.0.2.53");
      const args = ["check", "config", join(directory, name)];
      const run = spawnSync("promtool", args, { encoding: "utf8", timeout: 60_000 });
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.doesNotMatch(run.stdout + run.stderr, /WARNING|FAILED/);
      assert.match(run.stdout, /is valid prometheus config file syntax/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** The files of targets as the comments of the examples show them. */
function writeTargets(directory: string, agent: string, target: string): void {
  for (const [folder, lines] of [
    ["agents", [{ targets: [agent], labels: { site: "berlin" } }]],
    ["probes", [{ targets: [target], labels: { module: "web" } }]],
  ] as const) {
    mkdirSync(join(directory, folder), { recursive: true });
    writeFileSync(join(directory, folder, "one.yml"), JSON.stringify(lines));
  }
}

test("every address of the examples is one of the documentation", () => {
  const text = readFileSync(join(FOLDER, EXAMPLES), "utf8");
  for (const address of text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [])
    assert.match(address, /^192\.0\.2\./);
  for (const host of text.match(/\b[a-z]+\.(?:com|org|net|io)\b/g) ?? [])
    assert.equal(host, "example.net");
});

let web: Server;
let agent: AgentProcess;
let prometheus: Prometheus;
let directory = "";
let target = "";
let agentAddress = "";

/** The jobs of the examples with this machine's addresses in the place of the example's. */
function jobsHere(): string {
  const { scrape_configs: jobs } = parse(readFileSync(join(FOLDER, EXAMPLES), "utf8"));
  const text = JSON.stringify(
    jobs.map((job: object) => ({ ...job, scrape_interval: "1s", scrape_timeout: "1s" })),
  )
    .replaceAll(/[a-z]+\.example:10707/g, agentAddress)
    .replaceAll(/"https:\/\/[^"]+"/g, JSON.stringify(target))
    .replaceAll(/"(?:192\.0\.2\.1|2001:db8::1)"/g, '"127.0.0.1"')
    .replaceAll('"http_2xx"', '"web"')
    .replaceAll(/"(agents|probes)\/\*\.yml"/g, (_whole, folder) =>
      JSON.stringify(join(directory, folder, "*.yml")),
    );
  return (JSON.parse(text) as unknown[]).map((job) => `  - ${JSON.stringify(job)}\n`).join("");
}

before(async () => {
  if (promtoolMissing !== false) return;
  web = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  target = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const modules = { web: { prober: "http", timeout: "900ms" } };
  const group = { name: "web", modules: ["web"], interval: "1s", targets: [target, "127.0.0.1"] };
  agent = await startAgent({ config: JSON.stringify({ modules, groups: [group] }) });
  agentAddress = agent.url.replace("http://", "");
  directory = mkdtempSync(join(tmpdir(), "sounder-scrape-"));
  writeTargets(directory, agentAddress, target);
  prometheus = await startPrometheus(jobsHere());
});

after(async () => {
  if (promtoolMissing !== false) return;
  await prometheus?.stop();
  await agent?.stop();
  await new Promise((resolve) => web.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

const cases = [
  { job: "sounder", expression: (t: string) => `sounder_target_up{job="sounder",target="${t}"}` },
  {
    job: "sounder-agents",
    expression: (t: string) =>
      `sounder_target_up{job="sounder-agents",site="berlin",target="${t}"}`,
  },
  {
    job: "probe-http",
    expression: (t: string) => `probe_success{job="probe-http",instance="${t}"}`,
  },
  {
    job: "probe-any",
    expression: (t: string) => `probe_success{job="probe-any",module="web",instance="${t}"}`,
  },
] as const;

for (const { job, expression } of cases) {
  test(`job ${job} of the examples brings what was measured, under the labels it says`, {
    skip: promtoolMissing,
  }, async () => {
    const asked = expression(target);
    const value = await until(
      async () => (await prometheus.query(asked)).find((sample) => sample.value === 1)?.value,
      { deadlineSeconds: WAIT_SECONDS, what: asked, everySeconds: 0.3 },
    );
    assert.equal(value, 1);
  });
}

test("job probe-from-everywhere of the examples asks every agent for every target", {
  skip: promtoolMissing,
}, async () => {
  const asked = 'probe_duration_seconds{job="probe-from-everywhere"}';
  const [sample] = await until(
    async () => {
      const samples = await prometheus.query(asked);
      return samples.length > 0 && samples;
    },
    { deadlineSeconds: WAIT_SECONDS, what: asked, everySeconds: 0.3 },
  );
  assert.deepEqual(
    [sample?.labels["instance"], sample?.labels["agent"]],
    ["127.0.0.1", agentAddress],
  );
});
