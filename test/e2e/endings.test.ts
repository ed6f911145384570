import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { startAgent } from "../support/agent-process.ts";

const CONFIG = `
groups:
  - name: self
    modules: [icmp]
    interval: 1s
    targets: [127.0.0.1, "::1"]
`;

/** The contract gives two seconds; a machine that stands still gets as much again. */
const STOP_LIMIT_SECONDS = 4;

/** Processes whose parent is `parent`. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((processId) => {
      try {
        const [, , rest = ""] =
          /^(.*)\) \S (.*)$/s.exec(readFileSync(`/proc/${processId}/stat`, "utf8")) ?? [];
        return Number(rest.split(" ")[0]) === parent;
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends the agent in time with exit code 0 and leaves nothing behind`, async () => {
    const agent = await startAgent({ config: CONFIG });
    assert.deepEqual(childrenOf(agent.processId), []);
    const before = process.hrtime.bigint();
    const exit = await agent.stop(signal);
    const seconds = Number(process.hrtime.bigint() - before) / 1e9;
    assert.deepEqual(exit, { code: 0, signal: null });
    assert.ok(seconds < STOP_LIMIT_SECONDS, `took ${seconds} s`);
    await assert.rejects(agent.request("/-/healthy"), /ECONNREFUSED/);
  });
}

test("a taken port ends the start with exit code 1 and one clear sentence", async () => {
  const agent = await startAgent({ config: CONFIG });
  try {
    const address = agent.url.replace("http://", "");
    await assert.rejects(
      startAgent({ config: CONFIG, flags: [`--web.listen-address=${address}`] }),
      /Cannot listen on .*: another process has this port/,
    );
  } finally {
    await agent.stop();
  }
});
