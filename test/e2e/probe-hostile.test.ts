import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { type DnsServer, startDnsServer } from "../support/dns-server.ts";
import { parseExposition, samplesOf, sampleValue } from "../support/exposition.ts";

/** Every probe's own limit; each must end by it, whatever the peer does. */
const TIMEOUT_SECONDS = 1;
/** What a loaded machine may add before the answer is here. */
const SLACK_SECONDS = 8;
/** A runaway body of a second on loopback is gigabytes. */
const MAX_GROWTH_BYTES = 200e6;
const DISTINCT_TARGETS = 10_000;
const MAX_GROWTH_OF_TARGETS_BYTES = 40e6;

const METADATA = "169.254.169.254";
const REBOUND = "rebound.example.test";

let names: DnsServer;
let agent: AgentProcess;
/** Port by what its server does. */
const ports = new Map<string, number>();
const cleanups: (() => void)[] = [];
let rebindings = 0;

type Script = (socket: Socket) => void;

const DRIP_MILLISECONDS = 50;

/** Writes again and again until the connection is gone. */
function drip(socket: Socket, chunk: string | Buffer, everyMilliseconds = DRIP_MILLISECONDS): void {
  const timer = setInterval(() => socket.write(chunk), everyMilliseconds);
  socket.on("close", () => clearInterval(timer));
}

/** Writes as fast as it is read. */
function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

const BOMB = gzipSync(Buffer.alloc(64 * 2 ** 20));
const MEBIBYTE = Buffer.alloc(2 ** 20, "x");
const HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

const SERVERS: Readonly<Record<string, Script>> = {
  silent: () => {},
  "head a byte at a time": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nX: ");
    drip(socket, "a");
  },
  "header flood": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    flood(socket, Buffer.from(`X-Flood: ${"x".repeat(1000)}\r\n`));
  },
  "endless body": (socket) => {
    socket.write(`${HEAD}\r\n`);
    flood(socket, MEBIBYTE);
  },
  "body a byte at a time": (socket) => {
    socket.write(`${HEAD}\r\n`);
    drip(socket, "a");
  },
  bomb: (socket) => {
    socket.write(`${HEAD}Content-Encoding: gzip\r\n\r\n`);
    flood(socket, BOMB);
  },
  "evil text": (socket) => {
    socket.end(`${HEAD}\r\n${"a".repeat(100_000)}!`);
  },
  "redirect to metadata": (socket) => {
    socket.end(
      `HTTP/1.1 302 Found\r\nLocation: http://${METADATA}/latest\r\nContent-Length: 0\r\n\r\n`,
    );
  },
  "redirect to a rebound name": (socket) => {
    const { localPort = 0 } = socket;
    socket.end(
      `HTTP/1.1 302 Found\r\nLocation: http://${REBOUND}:${localPort}/\r\nContent-Length: 0\r\n\r\n`,
    );
  },
  "endless line": (socket) => flood(socket, Buffer.alloc(65_536, "a")),
};

const CONFIG = (resolver: string): string => `
resolver: {servers: ["${resolver}"], search: []}
modules:
  http: {prober: http, timeout: ${TIMEOUT_SECONDS}s}
  http_gzip: {prober: http, timeout: ${TIMEOUT_SECONDS}s, http: {compression: gzip, fail_if_body_matches_regexp: [never]}}
  http_kept: {prober: http, timeout: ${TIMEOUT_SECONDS}s, http: {fail_if_body_matches_regexp: [never]}}
  http_evil: {prober: http, timeout: ${TIMEOUT_SECONDS}s, http: {fail_if_body_not_matches_regexp: ["^(a+)+$", "(a|aa)+$"]}}
  tcp: {prober: tcp, timeout: ${TIMEOUT_SECONDS}s, tcp: {query_response: [{expect: "^never"}]}}
  tls: {prober: tcp, timeout: ${TIMEOUT_SECONDS}s, tcp: {tls: true}}
  grpc: {prober: grpc, timeout: ${TIMEOUT_SECONDS}s}
  ws: {prober: websocket, timeout: ${TIMEOUT_SECONDS}s}
  dns: {prober: dns, timeout: ${TIMEOUT_SECONDS}s, dns: {query_name: example.test, query_type: A}}
`;

before(async () => {
  names = await startDnsServer(({ name, type }) => {
    if (name !== REBOUND) return { kind: "nxdomain" };
    if (type === "A") rebindings += 1;
    // Allowed when the target is first looked up, and another place when its redirect is.
    const addresses = [rebindings <= 1 ? "127.0.0.1" : METADATA];
    return { kind: "records", addresses, ttlSeconds: 1 };
  });
  for (const [name, script] of Object.entries(SERVERS)) {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      // Read on, so that the end of the probe is noticed.
      socket.once("data", () => script(socket));
      socket.resume();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.set(name, (server.address() as AddressInfo).port);
    cleanups.push(() => server.close());
  }
  // Speaks first, as a mail server does.
  const speaker = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    flood(socket, Buffer.alloc(65_536, "a"));
  });
  speaker.listen(0, "127.0.0.1");
  await once(speaker, "listening");
  ports.set("speaks without end", (speaker.address() as AddressInfo).port);
  cleanups.push(() => speaker.close());

  const loops = createSocket("udp4", (query, from) => {
    // One answer whose name is a pointer to itself (RFC 1035 section 4.1.4).
    const head = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const at = query.length;
    const loop = Buffer.from([
      0xc0 | (at >> 8),
      at & 0xff,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      4,
      1,
      2,
      3,
      4,
    ]);
    loops.send(Buffer.concat([head, query.subarray(12), loop]), from.port, from.address);
  });
  const stranger = createSocket("udp4");
  const strangerServes = createSocket("udp4", (query, from) => {
    const reply = Buffer.from(query);
    reply.writeUInt16BE(0x8180, 2);
    stranger.send(reply, from.port, from.address, () => {});
  });
  for (const [name, socket] of [
    ["pointer loop", loops],
    ["wrong port", strangerServes],
    ["stranger", stranger],
  ] as const) {
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    ports.set(name, socket.address().port);
    cleanups.push(() => socket.close());
  }
  agent = await startAgent({ config: CONFIG(names.address), flags: ["--log.level=error"] });
});

after(async () => {
  await agent.stop();
  for (const cleanup of cleanups) cleanup();
  await names.close();
});

function residentBytes(): number {
  const [, kibibytes = "0"] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${agent.processId}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

async function probe(module: string, target: string) {
  const query = `module=${module}&target=${encodeURIComponent(target)}`;
  const { status, body } = await agent.request(`/probe?${query}`);
  if (status !== 200) return { status, body, reason: undefined, durationSeconds: 0 };
  const families = parseExposition(body);
  const [failure] = samplesOf(families, "probe_failure_info");
  return {
    status,
    body,
    reason: failure?.labels["reason"],
    durationSeconds: sampleValue(families, "probe_duration_seconds") ?? Number.NaN,
  };
}

const cases = [
  { module: "http", server: "silent", reasons: ["http_header_timeout"] },
  { module: "http", server: "head a byte at a time", reasons: ["http_header_timeout"] },
  { module: "http", server: "header flood", reasons: ["http_protocol"] },
  { module: "http", server: "endless body", reasons: ["http_body_timeout"] },
  { module: "http_kept", server: "endless body", reasons: ["body_too_large"] },
  { module: "http", server: "body a byte at a time", reasons: ["http_body_timeout"] },
  { module: "http_gzip", server: "bomb", reasons: ["body_too_large", "body_encoding"] },
  { module: "http_evil", server: "evil text", reasons: ["body_mismatch"] },
  { module: "tcp", server: "silent", reasons: ["expect_timeout"] },
  { module: "tcp", server: "speaks without end", reasons: ["expect_too_large"] },
  { module: "tls", server: "silent", reasons: ["tls_timeout"] },
  { module: "tls", server: "endless line", reasons: ["tls_handshake"] },
  { module: "grpc", server: "silent", reasons: ["grpc_timeout"] },
  { module: "grpc", server: "endless body", reasons: ["grpc_protocol"] },
  { module: "ws", server: "silent", reasons: ["http_header_timeout"] },
  { module: "ws", server: "header flood", reasons: ["http_protocol", "websocket_upgrade"] },
  { module: "dns", server: "pointer loop", reasons: ["query_malformed", "query_timeout"] },
  { module: "dns", server: "wrong port", reasons: ["query_timeout"] },
] as const;

for (const { module, server, reasons } of cases) {
  test(`a ${module} probe of a server with ${server} ends by its deadline with a reason`, async () => {
    const place = `127.0.0.1:${ports.get(server)}`;
    const before = residentBytes();
    const outcome = await probe(module, module === "ws" ? `ws://${place}/` : place);
    assert.ok(
      reasons.some((reason) => reason === outcome.reason),
      `${outcome.status} ${outcome.reason}`,
    );
    assert.ok(outcome.durationSeconds < TIMEOUT_SECONDS + SLACK_SECONDS);
    assert.ok(
      residentBytes() - before < MAX_GROWTH_BYTES,
      `grew from ${before} to ${residentBytes()}`,
    );
  });
}

test("a redirect to a denied address is refused with the rule's name, and counted", async () => {
  const { status, body } = await probe("http", `127.0.0.1:${ports.get("redirect to metadata")}`);
  assert.equal(status, 403);
  assert.match(body, /169\.254\.169\.254 .*"metadata" of probe\.deny/);
  const counted = sampleValue(
    parseExposition(await agent.scrape()),
    "sounder_agent_probe_refusals_total",
    { rule: "deny:metadata" },
  );
  assert.equal(counted, 1);
});

test("a name that answers first allowed and then denied is refused where it would be connected to", async () => {
  const target = `http://${REBOUND}:${ports.get("redirect to a rebound name")}/`;
  const { status, body } = await probe("http", target);
  assert.equal(status, 403, body);
  assert.match(body, /169\.254\.169\.254/);
});

test("ten thousand distinct targets leave memory flat", async () => {
  const ask = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += 50) {
      const targets = Array.from({ length: 50 }, (_, by) => {
        const number = at + by;
        return `127.${1 + (number >> 14)}.${(number >> 7) & 127}.${1 + (number & 127)}:1`;
      });
      const outcomes = await Promise.all(targets.map((target) => probe("http", target)));
      for (const { reason } of outcomes) assert.equal(reason, "connect_refused");
    }
  };
  await ask(0, DISTINCT_TARGETS / 2);
  const half = residentBytes();
  await ask(DISTINCT_TARGETS / 2, DISTINCT_TARGETS);
  const grown = residentBytes() - half;
  assert.ok(grown < MAX_GROWTH_OF_TARGETS_BYTES, `grew by ${grown}`);
});
