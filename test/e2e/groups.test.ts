import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { WebSocketServer } from "ws";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { type DnsServer, startDnsServer } from "../support/dns-server.ts";
import { parseExposition, sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";

const LIMIT_SECONDS = 30;
/** Nobody listens there. */
const CLOSED = "127.0.0.1:1";

let agent: AgentProcess;
let names: DnsServer;
const directory = mkdtempSync(join(tmpdir(), "sounder-groups-"));
const cleanups: (() => void)[] = [];

async function listening(server: Server, path?: string): Promise<number> {
  if (path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(path);
  await once(server, "listening");
  cleanups.push(() => server.close());
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

/** `grpc.health.v1.HealthCheckResponse` with status SERVING, as one gRPC message. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

/** What each prober is given to probe that answers; filled when the servers listen. */
const targets = new Map<string, string>();
const PROBERS = ["http", "tcp", "dns", "grpc", "websocket", "unix"] as const;

before(async () => {
  const banner = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("220 ready\r\n");
    socket.resume();
  });
  targets.set("tcp", `127.0.0.1:${await listening(banner)}`);
  const socketPath = join(directory, "app.sock");
  const local = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("220 ready\r\n");
    socket.resume();
  });
  await listening(local, socketPath);
  targets.set("unix", socketPath);
  const web = createHttpServer((_request, response) => response.end("fine"));
  targets.set("http", `http://127.0.0.1:${await listening(web)}/`);
  const sockets = new WebSocketServer({ server: web });
  sockets.on("connection", (socket) => socket.send("hello"));
  cleanups.push(() => sockets.close());
  targets.set("websocket", (targets.get("http") ?? "").replace("http:", "ws:"));
  const health = createHttp2Server();
  health.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(SERVING);
  });
  targets.set("grpc", `127.0.0.1:${await listening(health)}`);
  names = await startDnsServer(() => ({ kind: "records", addresses: ["192.0.2.1"] }));
  targets.set("dns", names.address);
  const group = (prober: string): string => {
    const failing = prober === "unix" ? join(directory, "none.sock") : failingTarget(prober);
    return `  - {name: ${prober}, modules: [m_${prober}], interval: 1s, targets: ["${targets.get(prober)}", "${failing}"]}`;
  };
  agent = await startAgent({
    config: `
modules:
  m_http: {prober: http}
  m_tcp: {prober: tcp, tcp: {query_response: [{expect: "^220 "}]}}
  m_unix: {prober: unix, unix: {query_response: [{expect: "^220 "}]}}
  m_dns: {prober: dns, timeout: 500ms, dns: {query_name: example.test, query_type: A}}
  m_grpc: {prober: grpc}
  m_websocket: {prober: websocket, websocket: {query_response: [{expect: "^hello"}]}}
groups:
${PROBERS.map(group).join("\n")}
`,
  });
});

after(async () => {
  await agent.stop();
  for (const cleanup of cleanups) cleanup();
  await names.close();
  rmSync(directory, { recursive: true });
});

function failingTarget(prober: string): string {
  if (prober === "http") return `http://${CLOSED}/`;
  return prober === "websocket" ? `ws://${CLOSED}/` : CLOSED;
}

const REASONS: Readonly<Record<(typeof PROBERS)[number], string>> = {
  http: "connect_refused",
  tcp: "connect_refused",
  // A closed port answers a datagram with an ICMP error.
  dns: "connect_refused",
  grpc: "connect_refused",
  websocket: "connect_refused",
  unix: "connect_unreachable",
};

for (const prober of PROBERS) {
  test(`a group of the prober ${prober} measures all the time, under the names of /metrics`, async () => {
    const target = targets.get(prober) ?? "";
    const labels = { group: prober, target };
    const families = await until(
      async () => {
        const scraped = parseExposition(await agent.scrape());
        const probes = sampleValue(scraped, "sounder_probes_total", labels) ?? 0;
        return probes >= 2 ? scraped : undefined;
      },
      { deadlineSeconds: LIMIT_SECONDS, what: `two probes of ${prober}` },
    );
    assert.equal(sampleValue(families, "sounder_target_up", labels), 1);
    assert.equal(sampleValue(families, "sounder_probe_failures_total", labels), 0);
    const phase = prober === "dns" ? "request" : prober === "grpc" ? "check" : "connect";
    const counted = sampleValue(families, `sounder_${prober}_duration_seconds_count`, {
      ...labels,
      phase,
    });
    const disturbed = sampleValue(families, "sounder_agent_probes_disturbed_total") ?? 0;
    assert.ok((counted ?? 0) + disturbed >= 2, `${counted} observed, ${disturbed} disturbed`);
  });

  test(`a failing target of the prober ${prober} has its reason counted`, async () => {
    const labels = { group: prober, reason: REASONS[prober] };
    const failures = await until(
      async () => {
        const scraped = parseExposition(await agent.scrape());
        return sampleValue(scraped, "sounder_probe_failures_by_reason_total", labels);
      },
      { deadlineSeconds: LIMIT_SECONDS, what: `a failure of ${prober}` },
    );
    assert.ok(failures >= 1);
  });
}
