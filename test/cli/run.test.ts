import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { type AgentProcess, freePort, startAgent } from "../support/agent-process.ts";
import { until } from "../support/until.ts";

const TEST_LIMIT_MILLISECONDS = 90_000;
const WAIT_SECONDS = 30;

/** A file that differs by the name of its one module. */
const fileWith = (module: string): string => `modules:\n  ${module}: {prober: http, timeout: 2s}\n`;

async function withAgent(
  flags: readonly string[],
  use: (agent: AgentProcess) => Promise<void>,
): Promise<void> {
  const agent = await startAgent({ config: fileWith("first"), flags });
  try {
    await use(agent);
  } finally {
    await agent.stop();
  }
}

function post(url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(WAIT_SECONDS * 1000);
    const sent = request(url, { method: "POST", agent: false, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.once("error", reject);
    sent.end();
  });
}

async function hasModule(agent: AgentProcess, module: string): Promise<boolean> {
  const { body } = await agent.request("/config");
  return body.includes(`\n  ${module}:\n`);
}

const inForce = (agent: AgentProcess, module: string): Promise<unknown> =>
  until(() => hasModule(agent, module), {
    deadlineSeconds: WAIT_SECONDS,
    what: `module ${module} to be in force`,
  });

test("run reloads by POST and by SIGHUP, and a bad file changes nothing", {
  timeout: TEST_LIMIT_MILLISECONDS,
}, async () => {
  await withAgent(["--web.enable-lifecycle"], async (agent) => {
    const reload = () => post(`${agent.url}/-/reload`);
    assert.deepEqual(await reload(), { status: 200, body: "" }, "an unchanged file is fine");
    writeFileSync(agent.configFile, fileWith("second"));
    assert.deepEqual(await reload(), { status: 200, body: "" });
    assert.ok(await hasModule(agent, "second"));

    writeFileSync(agent.configFile, "modules: {third: {prober: gopher}}\n");
    const refused = await reload();
    assert.equal(refused.status, 500);
    assert.match(refused.body, /^failed to reload config: .*sounder\.yml:1:\d+: .*gopher/);
    assert.ok(await hasModule(agent, "second"));

    writeFileSync(agent.configFile, fileWith("fourth"));
    process.kill(agent.processId, "SIGHUP");
    await inForce(agent, "fourth");
  });
});

test("run looks for a changed file by itself where it is told to", {
  timeout: TEST_LIMIT_MILLISECONDS,
}, async () => {
  const flags = ["--config.enable-auto-reload", "--config.auto-reload-interval=1"];
  await withAgent(flags, async (agent) => {
    writeFileSync(agent.configFile, fileWith("second"));
    await inForce(agent, "second");
    const closed = await post(`${agent.url}/-/reload`);
    assert.deepEqual(closed, { status: 403, body: "Lifecycle API is not enabled.\n" });
  });
});

test("run keeps probes for /logs, tells the log of failures, and links by its external URL", {
  timeout: TEST_LIMIT_MILLISECONDS,
}, async () => {
  const flags = [
    "--history.limit=1",
    "--log.prober=warn",
    "--log.level=error",
    "--web.external-url=https://www.example.net/net",
    "--web.route-prefix=/",
  ];
  await withAgent(flags, async (agent) => {
    const target = `127.0.0.1:${await freePort()}`;
    const path = `/probe?module=first&target=${target}`;
    const { status, body } = await agent.request(path);
    assert.equal(status, 200);
    assert.match(body, /^probe_success 0$/m);
    const debug = await agent.request(`${path}&debug=true`);

    const kept = await agent.request("/logs?id=1");
    assert.equal(kept.body, debug.body);
    assert.match(
      kept.body,
      /^Logs for the probe:\ntime=\S+ level=error msg="Probe failed" module=first target=/,
    );
    const pushedOut = await agent.request(`/logs?target=${target}`);
    assert.match(pushedOut.body, /^probe_success 0$/m);
    assert.notEqual(pushedOut.body, kept.body, "the oldest is the one that was pushed out");

    const page = await agent.request("/");
    assert.match(page.body, /href="\/net\/logs\?id=1"/);
    assert.match(page.body, /href="\/net\/logs\?id=0"/);
    const loggedCount = () => agent.stderr().match(/msg="Probe failed"/g)?.length;
    await until(() => loggedCount() === 2, {
      deadlineSeconds: WAIT_SECONDS,
      what: "both failures to be in the log",
    });
    assert.doesNotMatch(agent.stderr(), /level=(?:info|warn) msg="Probe/);
  });
});
