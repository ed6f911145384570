import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { PHASES, type PhaseOf } from "../../../src/probe/prober.ts";
import { resolverOptions } from "../../../src/resolve/options.ts";
import { createResolver } from "../../../src/resolve/resolver.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLog } from "../../../src/runtime/log.ts";
import { startDnsServer } from "../../support/dns-server.ts";
import { until } from "../../support/until.ts";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import {
  later,
  listen,
  type Probed,
  probe,
  reasonOf,
  serveHttp,
  serveRaw,
  type TestServer,
} from "../lab.ts";

/** Far above what a loaded machine adds to any phase by itself. */
const DELAY_SECONDS = 0.6;
/** A timer of Node's may fire up to a millisecond early. */
const LEAST_SECONDS = DELAY_SECONDS - 0.005;
/** For the tests that meet their deadline. */
const TIMEOUT_SECONDS = 0.4;

let authority: Authority;
let site: Issued;

before(() => {
  authority = createAuthority();
  site = authority.issue({
    name: "site",
    subject: "/CN=site",
    names: "DNS:slow.example.test,DNS:localhost",
  });
});
after(() => authority.close());

function assertOnlySlow(
  outcome: Probed,
  slow: PhaseOf<"http">,
  leastSeconds = LEAST_SECONDS,
): void {
  assert.equal(reasonOf(outcome), "succeeded");
  for (const phase of PHASES.http) {
    const seconds = outcome.facts.phases[phase];
    if (phase === slow) assert.ok(seconds >= leastSeconds, `${phase} took only ${seconds} s`);
    else assert.ok(seconds < leastSeconds, `${phase} took ${seconds} s, the delay was in ${slow}`);
  }
}

/** Every phase before the one that met the deadline is there, the later ones are 0. */
function assertStoppedIn(
  outcome: Probed,
  phase: PhaseOf<"http"> | undefined,
  reason: string,
): void {
  assert.equal(reasonOf(outcome), reason);
  if (phase === undefined) return;
  const at = PHASES.http.indexOf(phase);
  assert.ok(outcome.facts.phases[phase] > 0);
  for (const later of PHASES.http.slice(at + 1)) assert.equal(outcome.facts.phases[later], 0);
}

/** A resolver that asks a server of the test's own, which answers late or never. */
async function slowNames(t: TestContext, delaySeconds: number | undefined) {
  const dns = await startDnsServer(({ name }) =>
    delaySeconds === undefined
      ? { kind: "silence" }
      : { kind: "records", addresses: name === "" ? [] : ["127.0.0.1"], delaySeconds },
  );
  const resolver = createResolver({
    options: resolverOptions.parse({ servers: [dns.address], timeout: "5s" }),
    clock: systemClock,
    log: silentLog,
  });
  t.after(async () => {
    resolver.close();
    await dns.close();
  });
  return { resolve: resolver.fresh };
}

test("a slow name server is seen in the phase resolve alone", async (t) => {
  const names = await slowNames(t, DELAY_SECONDS);
  const server = await serveHttp(t, (_request, response) => response.end("here"));
  const outcome = await probe(`slow.example.test:${server.port}`, {}, { tools: names });
  assertOnlySlow(outcome, "resolve");
  assert.ok(outcome.lookupSeconds >= LEAST_SECONDS);
});

test("a silent name server ends in dns_timeout", async (t) => {
  const names = await slowNames(t, undefined);
  const outcome = await probe(
    "slow.example.test",
    {},
    { tools: names, timeoutSeconds: TIMEOUT_SECONDS },
  );
  assertStoppedIn(outcome, "resolve", "dns_timeout");
  assert.equal(outcome.address, undefined);
});

/**
 * A listener whose thread is held until told otherwise, with a full accept queue: the kernel drops
 * the next SYN, and the client's repeats it after a second.
 */
const HELD_LISTENER = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const answer = "HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(answer));
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(workerData, 0, 0);
  });
`;

async function holdListener(t: TestContext) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(HELD_LISTENER, { eval: true, workerData: gate });
  const port = await new Promise<number>((resolve) => worker.once("message", resolve));
  const fillers: Socket[] = [];
  // A queue of length 1 holds two.
  for (let count = 0; count < 2; count += 1) {
    const filler = connect(port, "127.0.0.1");
    filler.on("error", () => {});
    await new Promise<void>((resolve) => filler.once("connect", () => resolve()));
    fillers.push(filler);
  }
  t.after(async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  });
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return {
    port,
    /** Whether a SYN to it goes unanswered (state 02 is SYN_SENT). */
    isKnockedAt: () =>
      new RegExp(`: [0-9A-F]{8}:[0-9A-F]{4} 0100007F:${hexPort} 02 `).test(
        readFileSync("/proc/net/tcp", "utf8"),
      ),
    release: () => {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    },
  };
}

test("a slow connection is seen in the phase connect alone", async (t) => {
  const held = await holdListener(t);
  const probing = probe(`http://127.0.0.1:${held.port}/`);
  await until(() => held.isKnockedAt(), { deadlineSeconds: 10, what: "an unanswered SYN" });
  held.release();
  assertOnlySlow(await probing, "connect");
});

test("a connection that is not answered ends in connect_timeout", async (t) => {
  const held = await holdListener(t);
  const outcome = await probe(
    `http://127.0.0.1:${held.port}/`,
    {},
    { timeoutSeconds: TIMEOUT_SECONDS },
  );
  assertStoppedIn(outcome, "connect", "connect_timeout");
  held.release();
});

/** Stands before a TLS server and holds back its first flight, or never lets it through. */
async function slowHandshake(
  t: TestContext,
  port: number,
  delaySeconds: number | undefined,
): Promise<TestServer> {
  return await listen(
    t,
    createServer((client) => {
      const server = connect(port, "127.0.0.1");
      server.on("error", () => client.destroy());
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
      client.pipe(server);
      if (delaySeconds === undefined) return;
      server.once("readable", () => later(delaySeconds, () => server.pipe(client)));
    }),
  );
}

test("a slow handshake is seen in the phase tls alone", async (t) => {
  const server = await listen(
    t,
    createHttpsServer(site, (_request, response) => response.end("x")),
  );
  const proxy = await slowHandshake(t, server.port, DELAY_SECONDS);
  const tls_config = { ca_file: authority.caFile };
  assertOnlySlow(await probe(`https://localhost:${proxy.port}`, { tls_config }), "tls");
});

test("a handshake that does not end is tls_timeout", async (t) => {
  const server = await listen(t, createHttpsServer(site));
  const proxy = await slowHandshake(t, server.port, undefined);
  const outcome = await probe(
    `https://localhost:${proxy.port}`,
    {},
    { timeoutSeconds: TIMEOUT_SECONDS },
  );
  assertStoppedIn(outcome, "tls", "tls_timeout");
});

test("a request that the server does not read ends in request_timeout", async (t) => {
  const server = await listen(t, createServer({ pauseOnConnect: true }));
  const body = "x".repeat(16 * 2 ** 20);
  const outcome = await probe(
    `http://127.0.0.1:${server.port}`,
    { method: "POST", body },
    { timeoutSeconds: TIMEOUT_SECONDS },
  );
  assertStoppedIn(outcome, undefined, "request_timeout");
  assert.equal(outcome.facts.phases.processing, 0);
});

const slowAnswers: readonly {
  readonly name: string;
  readonly phase: PhaseOf<"http">;
  readonly reason: string;
  readonly answer: (socket: Socket, seconds: number) => void;
}[] = [
  {
    name: "a first byte that comes late",
    phase: "processing",
    reason: "http_header_timeout",
    answer: (socket, seconds) =>
      later(seconds, () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")),
  },
  {
    name: "a header that drips",
    phase: "transfer",
    reason: "http_header_timeout",
    answer: (socket, seconds) => {
      socket.write("HTTP/1.1 200 OK\r\nx-");
      later(seconds / 2, () => socket.write("drip: a"));
      later(seconds, () => socket.end("\r\ncontent-length: 1\r\n\r\nx"));
    },
  },
  {
    name: "a status line that drips byte by byte",
    phase: "transfer",
    reason: "http_header_timeout",
    answer: (socket, seconds) => {
      socket.write("H");
      later(seconds / 2, () => socket.write("TTP/1."));
      later(seconds, () => socket.end("1 200 OK\r\ncontent-length: 1\r\n\r\nx"));
    },
  },
  {
    name: "a body that comes late",
    phase: "transfer",
    reason: "http_body_timeout",
    answer: (socket, seconds) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx");
      later(seconds, () => socket.end("y"));
    },
  },
  {
    name: "an interim answer before a late one",
    phase: "transfer",
    reason: "http_header_timeout",
    answer: (socket, seconds) => {
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
      later(seconds, () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"));
    },
  },
];

for (const { name, phase, reason, answer } of slowAnswers) {
  test(`${name} is seen in the phase ${phase} alone`, async (t) => {
    const server = await serveRaw(t, (socket) => answer(socket, DELAY_SECONDS));
    assertOnlySlow(await probe(`127.0.0.1:${server.port}`), phase);
  });

  test(`${name}, past the deadline, ends in ${reason}`, async (t) => {
    const server = await serveRaw(t, (socket) => answer(socket, 100 * TIMEOUT_SECONDS));
    const options = { timeoutSeconds: TIMEOUT_SECONDS };
    const outcome = await probe(`127.0.0.1:${server.port}`, {}, options);
    assertStoppedIn(outcome, phase, reason);
    assert.ok(outcome.durationSeconds >= TIMEOUT_SECONDS - 0.005);
  });
}

test("over HTTP/2 a late first byte is processing and a late body is transfer", async (t) => {
  const server = await listen(
    t,
    createSecureServer(site, (request, response) => {
      if (request.url === "/late") return later(DELAY_SECONDS, () => response.end("x"));
      response.write("x");
      later(DELAY_SECONDS, () => response.end("y"));
    }),
  );
  const tls_config = { ca_file: authority.caFile };
  const origin = `https://localhost:${server.port}`;
  const late = await probe(`${origin}/late`, { tls_config });
  assert.equal(late.facts.httpVersion, 2);
  assertOnlySlow(late, "processing");
  assertOnlySlow(await probe(`${origin}/body`, { tls_config }), "transfer");
});

test("phases add up over redirects", async (t) => {
  const server = await serveHttp(t, (request, response) => {
    if (request.url === "/end") return later(DELAY_SECONDS, () => response.end());
    later(DELAY_SECONDS, () => response.writeHead(302, { location: "/end" }).end());
  });
  const outcome = await probe(`127.0.0.1:${server.port}`);
  assertOnlySlow(outcome, "processing", 2 * LEAST_SECONDS);
});

test("a caller that goes away ends the probe as cancelled", async (t) => {
  const caller = new AbortController();
  const server = await serveHttp(t, () => caller.abort());
  const outcome = await probe(`127.0.0.1:${server.port}`, {}, { signal: caller.signal });
  assert.equal(reasonOf(outcome), "cancelled");
  assert.equal(outcome.facts.statusCode, 0);
});
