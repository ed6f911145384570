import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectServiceManager } from "../../src/cli/run-service-manager.ts";
import type { Logger } from "../../src/runtime/log.ts";
import { startAgent } from "../support/agent-process.ts";
import { until } from "../support/until.ts";
import { openNotifySocket } from "./notify-socket.ts";

const CONFIG = "modules: {web: {prober: http}}\n";
const WAIT_SECONDS = 30;
const skip = process.platform === "linux" ? false : "service managers of this kind are Linux's";

const places = [
  { name: "a path", of: (directory: string) => join(directory, "notify") },
  { name: "an abstract name", of: (directory: string) => `@${directory}` },
] as const;

for (const { name, of } of places) {
  test(`the agent tells a service manager at ${name} of its start, its reload and its end`, {
    skip,
    timeout: 120_000,
  }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "sounder-notify-"));
    const place = of(directory);
    const manager = openNotifySocket(place);
    const told: string[] = [];
    const hears = (message: RegExp): Promise<unknown> =>
      until(
        () => {
          told.push(...manager.messages());
          return told.some((text) => message.test(text));
        },
        { deadlineSeconds: WAIT_SECONDS, what: `${message} among ${JSON.stringify(told)}` },
      );
    try {
      const agent = await startAgent({ config: CONFIG, environment: { NOTIFY_SOCKET: place } });
      try {
        await hears(/^READY=1$/);
        assert.deepEqual(told.splice(0), ["READY=1"]);
        const before = process.hrtime.bigint() / 1000n;
        process.kill(agent.processId, "SIGHUP");
        await hears(/^READY=1$/);
        const [reloading = "", ready] = told.splice(0);
        const [, microseconds = "0"] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
        assert.ok(BigInt(microseconds) >= before, reloading);
        assert.equal(ready, "READY=1");
      } finally {
        assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      }
      await hears(/^STOPPING=1$/);
      assert.deepEqual(told, ["STOPPING=1"]);
      assert.doesNotMatch(agent.stderr(), /level=(?:warn|error) msg="Cannot tell/);
    } finally {
      manager.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

const untellable = [
  {
    name: "is gone",
    place: "/nonexistent/notify",
    says: /its socket refuses the message \(ENOENT\)/,
  },
  { name: "nobody opened", place: "@sounder-nobody", says: /\(ECONNREFUSED\)/ },
  { name: "is no address", place: "notify", says: /NOTIFY_SOCKET is neither a path nor/ },
  { name: "is too long", place: `/${"x".repeat(200)}`, says: /of at most 107 bytes/ },
  { name: "of another kind", place: "vsock:2:1234", says: /NOTIFY_SOCKET is neither a path nor/ },
] as const;

for (const { name, place, says } of untellable) {
  test(`a service manager that ${name} is a warning and ends nothing`, { skip }, async () => {
    const warnings: string[] = [];
    const silent = (): void => {};
    const log: Logger = {
      debug: silent,
      info: silent,
      warn: (message) => void warnings.push(message),
      error: silent,
    };
    const manager = await connectServiceManager({ NOTIFY_SOCKET: place }, log);
    await manager.ready();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", says);
  });
}

test("without a service manager nobody is told anything", async () => {
  const log: Logger = Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [level, () => assert.fail(level)]),
  ) as unknown as Logger;
  const manager = await connectServiceManager({}, log);
  await manager.ready();
  await manager.reloading();
  await manager.stopping();
});
