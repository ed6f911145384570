import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/agent-process.ts";

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));
/** The process starts in half a second; a loaded machine gets more. */
const LIMIT_SECONDS = 60;

type Ended = { readonly code: number; readonly out: string; readonly err: string };

/** The real command in an empty directory, so that no file of somebody's is found. */
async function sounder(...words: readonly string[]): Promise<Ended> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-probe-"));
  try {
    return await new Promise((resolve) => {
      const options = { cwd: directory, timeout: LIMIT_SECONDS * 1000 };
      const child = execFile(process.execPath, [MAIN, ...words], options, (_error, out, err) => {
        resolve({ code: child.exitCode ?? -1, out, err });
      });
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function withHttpServer<T>(
  listener: RequestListener,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const server = createHttpServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  try {
    return await work(`http://127.0.0.1:${address.port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("sounder probe asks a real server and exits with 0", async () => {
  const hosts: (string | undefined)[] = [];
  await withHttpServer(
    (request, response) => {
      hosts.push(request.headers.host);
      response.end("well");
    },
    async (url) => {
      const { code, out, err } = await sounder("probe", "--hostname=a.example.net", url);
      assert.equal(err, "");
      assert.equal(code, 0);
      assert.match(out, /\nprobe_success 1\n/);
      assert.match(out, /\nprobe_http_status_code 200\n/);
      assert.match(out, /\nModule configuration:\nprober: http\n/);
    },
  );
  assert.deepEqual(hosts, ["a.example.net"]);
});

test("sounder probe of a server that says 503 exits with 1", async () => {
  await withHttpServer(
    (_request, response) => {
      response.statusCode = 503;
      response.end();
    },
    async (url) => {
      const { code, out } = await sounder("probe", "--module", "http_2xx", url);
      assert.equal(code, 1);
      assert.match(out, /\nprobe_http_status_code 503\n/);
      assert.match(out, /probe_failure_info\{reason="http_status"\} 1\n/);
    },
  );
});

test("sounder probe of a server that never answers ends by its timeout", async () => {
  await withHttpServer(
    () => {},
    async (url) => {
      const { code, out } = await sounder("probe", "--timeout=300ms", url);
      assert.equal(code, 1);
      assert.match(out, /\nprobe_timeout_seconds 0\.3\n/);
    },
  );
});

test("sounder probe reaches a loopback address that a policy would refuse, and no multicast one", async () => {
  const port = await freePort();
  const closed = await sounder("probe", "--module=tcp_connect", `127.0.0.1:${port}`);
  assert.match(closed.out, /probe_failure_info\{reason="connect_refused"\} 1\n/);
  const never = await sounder("probe", "http://224.0.0.1/");
  assert.equal(never.code, 1);
  assert.match(never.out, /probe_failure_info\{reason="policy_refused"\} 1\n/);
  assert.match(never.out, /224\.0\.0\.1 is a multicast address, which is never probed/);
});

test("sounder probe runs the prober that the module names", async () => {
  const server = createTcpServer((socket) => {
    // The prober has seen enough once it is connected, and may reset the connection.
    socket.on("error", () => {});
    socket.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  try {
    const { code, out } = await sounder(
      "probe",
      "--module=tcp_connect",
      `127.0.0.1:${address.port}`,
    );
    assert.equal(code, 0);
    assert.match(out, /\nModule configuration:\nprober: tcp\n/);
  } finally {
    server.close();
  }
});

test("sounder probe with a module that does not exist exits with 2", async () => {
  const { code, err } = await sounder("probe", "--module=nothing", "127.0.0.1");
  assert.equal(code, 2);
  assert.match(err, /^sounder probe: module "nothing" does not exist/);
});
