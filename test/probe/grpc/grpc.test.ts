import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { until } from "../../support/until.ts";
import { listen, type probeTools, reasonOf } from "../lab.ts";
import { answer, type Call, check, message, refuse, serveCalls, serving } from "./grpc-lab.ts";

/** For the tests that meet their deadline. */
const TIMEOUT_SECONDS = 0.3;

/** The name a request asks for; the whole server has none. */
function serviceOf({ body }: Call): string {
  return body.length === 5 ? "" : body.subarray(7).toString("utf8");
}

/** A health server as gRPC's libraries have it. */
async function serveHealth(t: TestContext, statuses: Readonly<Record<string, number>>) {
  return await serveCalls(t, (stream, call) => {
    const status = statuses[serviceOf(call)];
    if (status !== undefined) answer(stream, serving(status));
    else refuse(stream, { "grpc-status": "5", "grpc-message": "unknown service" });
  });
}

test("a server that serves succeeds, with its status and all phases", async (t) => {
  const { port, calls } = await serveHealth(t, { "": 1 });
  const outcome = await check(`127.0.0.1:${port}`);
  assert.equal(reasonOf(outcome), "succeeded");
  const { phases, ...facts } = outcome.facts;
  assert.deepEqual(facts, {
    protocol: "grpc",
    statusCode: 0,
    servingStatus: "SERVING",
    isTls: false,
    tls: undefined,
  });
  assert.ok(phases.connect > 0 && phases.check > 0);
  assert.deepEqual([phases.resolve, phases.tls], [0, 0]);
  assert.deepEqual(calls[0]?.body, message());
});

test("the service of the module is the one asked for", async (t) => {
  const { port, calls } = await serveHealth(t, { "shop.Cart": 1 });
  const outcome = await check(`127.0.0.1:${port}`, { service: "shop.Cart" });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(calls.map(serviceOf), ["shop.Cart"]);
});

test("a long name of a service goes out whole", async (t) => {
  const service = "é".repeat(400);
  const { port } = await serveCalls(t, (stream, { body }) => {
    // Tag, two bytes of length, 800 bytes of UTF-8.
    const isWhole = body.length === 5 + 3 + 800 && body.subarray(8).toString("utf8") === service;
    answer(stream, serving(isWhole ? 1 : 2));
  });
  assert.equal(reasonOf(await check(`127.0.0.1:${port}`, { service })), "succeeded");
});

const statuses = [
  { name: "NOT_SERVING", status: 2, shown: "NOT_SERVING" },
  { name: "SERVICE_UNKNOWN", status: 3, shown: "SERVICE_UNKNOWN" },
  { name: "UNKNOWN", status: 0, shown: "UNKNOWN" },
  { name: "a status of a later protocol", status: 9, shown: "9" },
] as const;

for (const { name, status, shown } of statuses) {
  test(`${name} fails as grpc_not_serving with status OK`, async (t) => {
    const { port } = await serveHealth(t, { "": status });
    const outcome = await check(`127.0.0.1:${port}`);
    assert.equal(reasonOf(outcome), "grpc_not_serving");
    assert.equal(outcome.facts.statusCode, 0);
    assert.equal(outcome.facts.servingStatus, shown);
    assert.ok(outcome.kind === "failed" && outcome.detail.includes(`answers ${shown},`));
  });
}

test("an empty message says UNKNOWN, which is the enum's zero", async (t) => {
  const { port } = await serveCalls(t, (stream) => answer(stream, message()));
  const outcome = await check(`127.0.0.1:${port}`);
  assert.equal(outcome.facts.servingStatus, "UNKNOWN");
});

test("a service that the server does not know fails with NOT_FOUND and its words", async (t) => {
  const { port } = await serveHealth(t, { "": 1 });
  const outcome = await check(`127.0.0.1:${port}`, { service: "nobody" });
  assert.equal(reasonOf(outcome), "grpc_status");
  assert.equal(outcome.facts.statusCode, 5);
  assert.equal(outcome.facts.servingStatus, undefined);
  assert.ok(outcome.kind === "failed");
  assert.equal(outcome.detail, "the call ended with status NOT_FOUND (5): unknown service");
});

test("a status in trailers after a message counts, not the message", async (t) => {
  const { port } = await serveCalls(t, (stream) => {
    answer(stream, serving(1), { "grpc-status": "7", "grpc-message": "not%20you%0A%C3%BC%zz" });
  });
  const outcome = await check(`127.0.0.1:${port}`);
  assert.equal(outcome.facts.statusCode, 7);
  assert.ok(outcome.kind === "failed");
  assert.equal(outcome.detail, "the call ended with status PERMISSION_DENIED (7): not you ü%zz");
});

test("the server's own DEADLINE_EXCEEDED is a timeout like ours", async (t) => {
  const { port } = await serveCalls(t, (stream) => refuse(stream, { "grpc-status": "4" }));
  const outcome = await check(`127.0.0.1:${port}`);
  assert.equal(reasonOf(outcome), "grpc_timeout");
  assert.equal(outcome.facts.statusCode, 4);
});

test("a call has the headers of gRPC, the time that is left and the host with its port", async (t) => {
  const { port, calls } = await serveHealth(t, { "": 1 });
  await check(`http://a.example:${port}/ignored`, {}, { timeoutSeconds: 30 });
  const headers = calls[0]?.headers ?? {};
  assert.equal(headers[":method"], "POST");
  assert.equal(headers[":path"], "/grpc.health.v1.Health/Check");
  assert.equal(headers[":scheme"], "http");
  assert.equal(headers[":authority"], `a.example:${port}`);
  assert.equal(headers["content-type"], "application/grpc");
  assert.equal(headers["te"], "trailers");
  assert.equal(headers["user-agent"], "Sounder/test");
  assert.equal(headers["content-length"], undefined);
  const [, milliseconds = ""] = /^(\d{1,8})m$/.exec(String(headers["grpc-timeout"])) ?? [];
  assert.ok(Number(milliseconds) > 0 && Number(milliseconds) <= 30_000);
});

test("metadata goes along, every value by itself, keys in -bin as base64 without padding", async (t) => {
  const { port, calls } = await serveHealth(t, { "": 1 });
  const metadata = {
    Key1: ["value1", "value2"],
    "key2-bin": ["test", "ü\n"],
    Authorization: ["Bearer token"],
  };
  const outcome = await check(`127.0.0.1:${port}`, { metadata });
  assert.equal(reasonOf(outcome), "succeeded");
  const headers = calls[0]?.headers ?? {};
  assert.equal(headers["key1"], "value1, value2");
  assert.equal(headers["key2-bin"], "dGVzdA, w7wK");
  assert.equal(headers["authorization"], "Bearer token");
});

test("a server that never answers ends in grpc_timeout with DEADLINE_EXCEEDED", async (t) => {
  const { port } = await serveCalls(t, () => {});
  const outcome = await check(`127.0.0.1:${port}`, {}, { timeoutSeconds: TIMEOUT_SECONDS });
  assert.equal(reasonOf(outcome), "grpc_timeout");
  assert.equal(outcome.facts.statusCode, 4);
  assert.ok(outcome.facts.phases.check > 0);
});

test("a listener that never says a word ends in grpc_timeout, its socket closed", async (t) => {
  let isClosed = false;
  const server = createTcpServer((socket) => {
    socket.resume();
    socket.on("close", () => {
      isClosed = true;
    });
  });
  const { port } = await listen(t, server);
  const outcome = await check(`127.0.0.1:${port}`, {}, { timeoutSeconds: TIMEOUT_SECONDS });
  assert.equal(reasonOf(outcome), "grpc_timeout");
  await until(() => isClosed, { deadlineSeconds: 10, what: "the end of the connection" });
});

test("a caller that goes away ends the probe as cancelled", async (t) => {
  const aborter = new AbortController();
  const { port } = await serveCalls(t, () => aborter.abort());
  const outcome = await check(`127.0.0.1:${port}`, {}, { signal: aborter.signal });
  assert.equal(reasonOf(outcome), "cancelled");
});

test("a refused connection is connect_refused and UNAVAILABLE", async (t) => {
  const server = createTcpServer();
  const { port } = await listen(t, server);
  server.close();
  await once(server, "close");
  const outcome = await check(`127.0.0.1:${port}`);
  assert.equal(reasonOf(outcome), "connect_refused");
  assert.equal(outcome.facts.statusCode, 14);
});

const uncalled = [
  { name: "an unknown name", target: "nobody.invalid:1", reason: "dns_nxdomain" },
  { name: "no host", target: "http://", reason: "bad_target" },
  { name: "port 0", target: "a.example:0", reason: "bad_target" },
  { name: "a port that is none", target: "a.example:99999", reason: "bad_target" },
  { name: "another scheme", target: "dns:///a.example:1", reason: "bad_target" },
  { name: "an IPv6 address without brackets", target: "::1", reason: "bad_target" },
  { name: "a target without an end", target: "a".repeat(20_000), reason: "bad_target" },
] as const;

for (const { name, target, reason } of uncalled) {
  test(`${name} fails as ${reason} and has no status`, async () => {
    const outcome = await check(target);
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.statusCode, undefined);
  });
}

const ports = [
  { name: "a bare host", target: "a.example", tls: false, port: 80 },
  { name: "a bare host over TLS", target: "a.example", tls: true, port: 443 },
  { name: "https:// without TLS", target: "https://a.example", tls: false, port: 80 },
  { name: "port 80 over TLS", target: "a.example:80", tls: true, port: 80 },
  { name: "port 443 without TLS", target: "https://a.example:443", tls: false, port: 443 },
  { name: "an IPv6 address", target: "[2001:db8::1]:50051", tls: false, port: 50_051 },
] as const;

for (const { name, target, tls, port } of ports) {
  test(`${name} leads to port ${port}`, async () => {
    const hops: { readonly address: string | undefined; readonly port: number | undefined }[] = [];
    const guard: ReturnType<typeof probeTools>["guard"] = (hop) => {
      hops.push({ address: hop.address, port: hop.port });
      return { kind: "refused", rule: "deny", sentence: "not there" };
    };
    const outcome = await check(target, { tls }, { tools: { guard } });
    assert.equal(reasonOf(outcome), "policy_refused");
    assert.ok(outcome.kind === "failed" && outcome.policyRule === "deny");
    assert.equal(outcome.facts.statusCode, undefined);
    const address = target.startsWith("[") ? "2001:db8::1" : "127.0.0.1";
    assert.deepEqual(hops, [{ address, port }]);
  });
}
