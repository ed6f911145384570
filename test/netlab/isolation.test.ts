import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import { openLab } from "./lab.ts";
import { run } from "./programs.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const NAMESPACE = "/proc/thread-self/ns/net";
/** Links of the network that this process was started from. */
const linksOutside = (): string =>
  run("nsenter", [`--net=/proc/${process.ppid}/ns/net`, "ip", "-o", "link"]);
const namedNetworks = (): string[] => (existsSync("/run/netns") ? readdirSync("/run/netns") : []);

test("what is started after openLab() is inside: workers, children, sockets", {
  skip,
}, async () => {
  const outside = readlinkSync(NAMESPACE);
  await withLab({ seed: 1 }, async () => {
    const inside = readlinkSync(NAMESPACE);
    assert.notEqual(inside, outside);
    assert.equal(run("readlink", ["/proc/self/ns/net"]).trim(), inside);

    const ask = `postMessage(require("node:fs").readlinkSync("${NAMESPACE}"))`;
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");parentPort.${ask}`,
      {
        eval: true,
      },
    );
    assert.deepEqual(await once(worker, "message"), [inside]);

    const server = createServer((_request, response) => response.end("inside"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const answer = await fetch(`http://127.0.0.1:${address.port}/`);
    assert.equal(await answer.text(), "inside");
    assert.equal(run("ss", ["-Hltn"]).trim().split("\n").length, 1);
    server.close();
    server.closeAllConnections();
  });
});

test("the network outside does not see the lab, during or after", { skip }, async () => {
  const before = linksOutside();
  const lab = await openLab({ seed: 1 });
  assert.match(run("ip", ["-o", "link"]), /lab0/);
  assert.equal(linksOutside(), before);
  await lab.close();
  await lab.close();
  assert.doesNotMatch(run("ip", ["-o", "link"]), /lab0/);
  assert.equal(linksOutside(), before);
  await assert.rejects(lab.totals(), /the lab is closed/);
});

const ENDINGS = [
  { name: "process.exit()", code: "process.exit(7)", status: 7 },
  { name: "an exception nobody catches", code: "throw new Error('end')", status: 1 },
  { name: "SIGKILL", code: "process.kill(process.pid, 'SIGKILL')", status: null },
] as const;

for (const { name, code, status } of ENDINGS) {
  test(`a process with an open lab ends by ${name} and leaves no network behind`, {
    skip,
  }, async () => {
    const before = linksOutside();
    const named = namedNetworks();
    const lab = new URL(`./lab${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
    const source = `
      import { readlinkSync, writeSync } from "node:fs";
      import { openLab } from ${JSON.stringify(lab.href)};
      const lab = await openLab({ seed: 1 });
      await lab.host("10.77.0.1", { flood: { packetsPerSecond: 100, packet: "echo_reply" } });
      writeSync(1, readlinkSync("${NAMESPACE}"));
      ${code};
    `;
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", source], {
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.equal(child.error, undefined);
    assert.equal(child.status, status);
    assert.match(child.stdout, /^net:\[\d+\]$/);
    await until(() => !networksInUse().has(child.stdout), {
      deadlineSeconds: 10,
      what: "the namespace to vanish",
    });
    assert.equal(linksOutside(), before);
    assert.deepEqual(namedNetworks(), named);
  });
}

/** The network namespaces of all threads of the machine. */
function networksInUse(): ReadonlySet<string> {
  const networks = new Set<string>();
  for (const process of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const threads = ifPresent(() => readdirSync(`/proc/${process}/task`)) ?? [];
    for (const thread of threads) {
      const network = ifPresent(() => readlinkSync(`/proc/${process}/task/${thread}/ns/net`));
      if (network !== undefined) networks.add(network);
    }
  }
  return networks;
}

/** A thread may end between being listed and being looked at. */
function ifPresent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
