import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { PingOutcome, PingRequest } from "../../src/probe/icmp/ping.ts";
import type { RunPing } from "../../src/server/ping-route.ts";
import { ask, fakeApi, fakeProbes, gate, SUCCEEDED, serve } from "./support.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const PATH = "/api/v1/ping";

/** Each has the faults of those after it too: the first check that fails must answer. */
const order: readonly {
  readonly name: string;
  readonly query: string;
  readonly status: number;
  readonly error: string | RegExp;
  readonly counted?: "module" | "refusal";
}[] = [
  {
    name: "no target, before the count",
    query: "count=0&module=nope",
    status: 400,
    error: "the parameter target is missing: write for example target=192.0.2.1",
  },
  {
    name: "an empty target",
    query: "target=&target=192.0.2.1",
    status: 400,
    error: "the parameter target is missing: write for example target=192.0.2.1",
  },
  {
    name: "a target that is none",
    query: "target=two+hosts&count=0",
    status: 400,
    error: /^target "two hosts" holds a space or a control character/,
  },
  {
    name: "a target with a password, which is not shown",
    query: "target=http%3A%2F%2Fme%3Asecret%40a.example%2F",
    status: 400,
    error: /^a target holds no user or password(?!.*secret)/,
  },
  {
    name: "a count of 0, before the module",
    query: "target=refused.example.net&count=0&module=nope",
    status: 400,
    error: 'count "0" is no whole number from 1 to 10: write for example count=5',
  },
  {
    name: "an unknown module, before the policy",
    counted: "module",
    query: "target=refused.example.net&module=nope",
    status: 400,
    error:
      'module "nope" is not in the configuration: name one whose prober is icmp, or leave module out for icmp',
  },
  {
    name: "a module of another prober",
    query: "target=refused.example.net&module=http_2xx",
    status: 400,
    error: 'module "http_2xx" has the prober http: name one whose prober is icmp with module=',
  },
  {
    name: "what the policy refuses, before the limit",
    counted: "refusal",
    query: "target=refused.example.net",
    status: 403,
    error: "Ping refused: it is in no group",
  },
  {
    name: "a ping beyond the limit",
    query: "target=192.0.2.1",
    status: 429,
    error: "0 probes are running, the limit probe.max_concurrent: try again, or raise it",
  },
];

for (const { name, query, status, error, counted } of order) {
  test(`the ping API answers ${status} to ${name}`, async () => {
    const probe = fakeProbes({ maxConcurrent: () => 0 });
    const ping = () => Promise.reject(new Error("was sent"));
    await using server = await serve({ probe, api: fakeApi({ ping }) });
    const answer = await ask(server.port, `${PATH}?${query}`);
    assert.equal(answer.status, status);
    assert.equal(answer.headers["content-type"], JSON_TYPE);
    const said = JSON.parse(answer.body);
    assert.deepEqual(Object.keys(said), ["error"]);
    if (typeof error === "string") assert.equal(said.error, error);
    else assert.match(said.error, error);
    assert.equal(probe.counts.unknownModules, counted === "module" ? 1 : 0);
    assert.deepEqual(probe.counts.refusals, counted === "refusal" ? ["targets"] : []);
  });
}

for (const count of ["11", "-1", "1.5", "1e0", "ten", "%2B3", "0x3", "99999999999999999999", "٣"]) {
  test(`a count of ${count} is a 400`, async () => {
    await using server = await serve();
    const query = `target=192.0.2.1&count=${count === "٣" ? "%D9%A3" : count}`;
    const answer = await ask(server.port, `${PATH}?${query}`);
    assert.equal(answer.status, 400);
    assert.match(JSON.parse(answer.body).error, /is no whole number from 1 to 10/);
  });
}

for (const module of ["constructor", "__proto__"]) {
  test(`the ping API knows no module ${module}`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, `${PATH}?target=192.0.2.1&module=${module}`);
    assert.equal(answer.status, 400);
  });
}

for (const { name, query, want } of [
  { name: "one echo when no count is given", query: "target=192.0.2.1", want: { count: 1 } },
  {
    name: "one echo when the count is empty",
    query: "target=192.0.2.1&count=",
    want: { count: 1 },
  },
  { name: "ten echoes", query: "target=192.0.2.1&count=10", want: { count: 10 } },
  {
    name: "the first of repeated parameters",
    query: "target=192.0.2.1&target=192.0.2.2&count=2&count=3",
    want: { target: "192.0.2.1", count: 2 },
  },
  {
    name: "a target as it is written, whatever else is asked",
    query: "target=%5B2001:db8::1%5D&pretty=true",
    want: { target: "[2001:db8::1]" },
  },
]) {
  test(`the ping API runs ${name}`, async () => {
    const ran: PingRequest[] = [];
    const api = fakeApi();
    const ping: RunPing = (request, signal) => {
      ran.push(request);
      return api.ping(request, signal);
    };
    await using server = await serve({ api: fakeApi({ ping }) });
    const answer = await ask(server.port, `${PATH}?${query}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["cache-control"], "no-store");
    const [request] = ran;
    assert.deepEqual({ ...request, ...want }, request);
    assert.equal(request?.module.prober, "icmp");
    assert.equal(JSON.parse(answer.body).echoes.length, request?.count);
  });
}

const outcomes: readonly {
  readonly name: string;
  readonly outcome: PingOutcome;
  readonly status: number;
  readonly want: Readonly<Record<string, unknown>>;
  readonly refusals?: readonly string[];
}[] = [
  {
    name: "a name that does not resolve",
    outcome: { kind: "failed", reason: "dns_nxdomain", detail: "no such name", address: undefined },
    status: 200,
    want: { reason: "dns_nxdomain", error: "no such name", sent: 0 },
  },
  {
    name: "an address that the guard refuses",
    outcome: { kind: "refused", rule: "deny:metadata", sentence: "it is in a denied set" },
    status: 403,
    want: { error: "Ping refused: it is in a denied set" },
    refusals: ["deny:metadata"],
  },
  {
    name: "an agent without an engine",
    outcome: { kind: "unavailable", sentence: "Cannot open an ICMP socket: grant CAP_NET_RAW" },
    status: 503,
    want: {
      error: "echoes cannot be sent: Cannot open an ICMP socket: grant CAP_NET_RAW",
    },
  },
];

for (const { name, outcome, status, want, refusals = [] } of outcomes) {
  test(`the ping API answers ${status} for ${name}`, async () => {
    const probe = fakeProbes();
    await using server = await serve({ probe, api: fakeApi({ ping: async () => outcome }) });
    const answer = await ask(server.port, `${PATH}?target=gw.example.net`);
    assert.equal(answer.status, status);
    const said = JSON.parse(answer.body);
    assert.deepEqual({ ...said, ...want }, said);
    assert.deepEqual(probe.counts.refusals, refusals);
  });
}

/** A ping that ends when its caller goes away, and says when it began and ended. */
function heldPing() {
  const begun = gate();
  const cancelled = gate();
  const ping: RunPing = async (_request, signal) => {
    begun.open();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    cancelled.open();
    throw signal.reason;
  };
  return { ping, begun: begun.opened, cancelled: cancelled.opened };
}

test("a client that goes away cancels its ping and gives its place back, and no fault is logged", async () => {
  const held = heldPing();
  const logged: string[] = [];
  const log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (message: string) => logged.push(message),
  };
  let isFirst = true;
  const api = fakeApi();
  const ping: RunPing = (request, signal) =>
    isFirst ? held.ping(request, signal) : api.ping(request, signal);
  const probe = fakeProbes({ maxConcurrent: () => 1 });
  await using server = await serve({ probe, api: fakeApi({ ping }), log });
  const socket = connect({ host: "127.0.0.1", port: server.port });
  socket.write(`GET ${PATH}?target=192.0.2.1 HTTP/1.1\r\nHost: a\r\n\r\n`);
  await held.begun;
  const second = await ask(server.port, `${PATH}?target=192.0.2.1`);
  assert.equal(second.status, 429);
  assert.equal(second.headers["retry-after"], "1");
  isFirst = false;
  socket.destroy();
  await once(socket, "close");
  await held.cancelled;
  assert.equal((await ask(server.port, `${PATH}?target=192.0.2.1`)).status, 200);
  assert.deepEqual(logged, []);
});

test("pings and probes share their places", async () => {
  const begun = gate();
  const end = gate();
  const run = async () => {
    begun.open();
    await end.opened;
    return SUCCEEDED;
  };
  await using server = await serve({ probe: fakeProbes({ run, maxConcurrent: () => 1 }) });
  const probing = ask(server.port, "/probe?target=a.example");
  await begun.opened;
  assert.equal((await ask(server.port, `${PATH}?target=192.0.2.1`)).status, 429);
  end.open();
  assert.equal((await probing).status, 200);
  assert.equal((await ask(server.port, `${PATH}?target=192.0.2.1`)).status, 200);
});

test("a ping that the agent could not run is a 500 without the cause", async () => {
  const ping = () => Promise.reject(new Error("the worker of /secret/path ended"));
  await using server = await serve({ api: fakeApi({ ping }) });
  const answer = await ask(server.port, `${PATH}?target=192.0.2.1`);
  assert.equal(answer.status, 500);
  assert.equal(answer.body, '{"error":"the agent failed to answer; its log says why"}\n');
});
