import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { loadRawSocket } from "../../../../src/icmp/transport/raw-socket/package.ts";

test("loadRawSocket() gives the package that is installed", async (context) => {
  const loaded = await loadRawSocket();
  if (loaded.kind === "absent") {
    context.skip(loaded.reason);
    return;
  }
  assert.equal(loaded.rawSocket.SocketLevel.IPPROTO_IP, 0);
});

test("loadRawSocket() says why a package does not load, in one line", async () => {
  const loaded = await loadRawSocket(() =>
    Promise.reject(new Error("Cannot find package 'raw-socket'\nRequire stack:\n- x")),
  );
  assert.deepEqual(loaded, {
    kind: "absent",
    reason: "the npm package raw-socket does not load: Cannot find package 'raw-socket'",
  });
});

const strangers = [
  { name: "nothing", found: {} },
  { name: "another shape", found: { default: { createSocket: 1 } } },
  { name: "a version without our verbs", found: { default: { createSocket() {}, Socket() {} } } },
];
for (const { name, found } of strangers) {
  test(`loadRawSocket() refuses ${name} under the package's name`, async () => {
    const loaded = await loadRawSocket(() => Promise.resolve(found));
    assert.equal(loaded.kind, "absent");
    assert.match(loaded.kind === "absent" ? loaded.reason : "", /install 1\.8$/);
  });
}

test("loadRawSocket() is absent in a worker, whose loop the package does not know", async () => {
  const url = new URL("../../../../src/icmp/transport/raw-socket/package.js", import.meta.url);
  const worker = new Worker(
    `import(${JSON.stringify(url.href)}).then(async ({ loadRawSocket }) => {
       require("node:worker_threads").parentPort.postMessage(await loadRawSocket());
     });`,
    { eval: true },
  );
  const loaded = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  assert.deepEqual(loaded, {
    kind: "absent",
    reason: "the npm package raw-socket works on the main thread only",
  });
});
