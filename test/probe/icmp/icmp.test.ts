import assert from "node:assert/strict";
import { test } from "node:test";
import type { EchoOutcome } from "../../../src/icmp/echo.ts";
import type { Engine } from "../../../src/icmp/engine-contract.ts";
import { type IcmpTools, probeIcmp } from "../../../src/probe/icmp/icmp.ts";
import { moduleOptions } from "../../../src/probe/module.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { everyNameIsLoopback, reasonOf } from "../lab.ts";

type Order = Parameters<Engine["echo"]>[0];

function bench(outcome: EchoOutcome | Promise<EchoOutcome>, changes: Partial<IcmpTools> = {}) {
  const orders: Order[] = [];
  const clock = fakeClock();
  const tools: IcmpTools = {
    clock,
    resolve: async (name, signal) => {
      clock.advanceSeconds(0.25);
      return await everyNameIsLoopback(name, signal);
    },
    guard: () => ({ kind: "allowed" }),
    engine: {
      state: "running",
      problem: undefined,
      echo: async (order) => {
        orders.push(order);
        clock.advanceSeconds(0.012);
        return await outcome;
      },
    },
    ...changes,
  };
  const run = async (target: string, icmp: unknown = {}, signal?: AbortSignal) =>
    await probeIcmp(
      {
        module: moduleOptions.parse({ prober: "icmp", icmp }),
        target,
        hostname: undefined,
        timeoutSeconds: 5,
        permit: { kind: "continuous" },
        isDebug: true,
      },
      tools,
      signal ?? new AbortController().signal,
    );
  return { orders, run };
}

test("an answered echo succeeds with its phases and hop limit", async () => {
  const { run, orders } = bench({ kind: "answered", rttSeconds: 0.01, hopLimit: 57 });
  const outcome = await run("a.example", { ttl: 9, payload_size: 100 });
  assert.equal(outcome.kind, "succeeded");
  assert.deepEqual(outcome.address, { text: "127.0.0.1", family: "ipv4" });
  assert.equal(outcome.lookupSeconds, 0.25);
  assert.equal(outcome.facts.protocol, "icmp");
  assert.equal(outcome.facts.phases.resolve, 0.25);
  assert.ok(
    outcome.facts.protocol === "icmp" && Math.abs(outcome.facts.phases.setup - 0.002) < 1e-9,
  );
  assert.ok(outcome.facts.protocol === "icmp" && outcome.facts.replyHopLimit === 57);
  assert.equal(orders[0]?.payloadBytes, 100);
  assert.equal(orders[0]?.profile.hopLimit, 9);
  assert.equal(orders[0]?.timeoutSeconds, 4.75);
  assert.ok(outcome.log.length > 0);
});

const endings: readonly { readonly outcome: EchoOutcome; readonly reason: string }[] = [
  { outcome: { kind: "lost", explanation: undefined }, reason: "icmp_timeout" },
  {
    outcome: { kind: "lost", explanation: { reason: "ttl_exceeded", reportedBy: "192.0.2.1" } },
    reason: "ttl_exceeded",
  },
  { outcome: { kind: "unsent", errno: "ENETUNREACH" }, reason: "icmp_unsent" },
  { outcome: { kind: "suspect", cause: "socket_overflow" }, reason: "agent_overloaded" },
];

for (const { outcome, reason } of endings) {
  test(`an echo that ends ${outcome.kind} is ${reason}`, async () => {
    const probed = await bench(outcome).run("192.0.2.9");
    assert.equal(reasonOf(probed), reason);
    assert.deepEqual(probed.address, { text: "192.0.2.9", family: "ipv4" });
    assert.deepEqual(probed.facts.phases, { resolve: 0, setup: 0, rtt: 0 });
  });
}

const answered: EchoOutcome = { kind: "answered", rttSeconds: 0.01, hopLimit: 64 };

test("an engine that is not running ends in icmp_unavailable with its remedy", async () => {
  const engine = {
    state: "unavailable" as const,
    problem: "grant CAP_NET_RAW",
    echo: async () => answered,
  };
  const outcome = await bench(answered, { engine }).run("192.0.2.9");
  assert.equal(reasonOf(outcome), "icmp_unavailable");
  assert.equal(outcome.kind === "failed" && outcome.detail, "grant CAP_NET_RAW");
});

test("what policy refuses, does not resolve or has no address is never sent", async () => {
  const refusing = bench(answered, {
    guard: () => ({ kind: "refused", rule: "never", sentence: "224.0.0.1 is multicast" }),
  });
  assert.equal(reasonOf(await refusing.run("224.0.0.1")), "policy_refused");
  const open = bench(answered);
  assert.equal(reasonOf(await open.run("gone.invalid")), "dns_nxdomain");
  assert.equal(
    reasonOf(await open.run("a.example", { ip_protocol_fallback: false })),
    "dns_no_address",
  );
  assert.equal(reasonOf(await open.run("192.0.2.9", { source_ip_address: "::1" })), "icmp_unsent");
  assert.deepEqual([...refusing.orders, ...open.orders], []);
});

test("a target is looked up as it is written: a URL or a port make it a name that is none", async () => {
  const asked: string[] = [];
  const { run, orders } = bench(answered, {
    resolve: async (name) => {
      asked.push(name);
      return { kind: "failed", reason: "dns_bad_name", detail: "no name" };
    },
  });
  for (const target of ["https://a.example/", "[::1]", "127.0.0.1:80"]) {
    assert.equal(reasonOf(await run(target)), "dns_bad_name");
  }
  assert.deepEqual(asked, ["https://a.example/", "127.0.0.1:80"]);
  assert.deepEqual(orders, []);
});

test("an address of the family that may not be taken is none", async () => {
  const { run, orders } = bench(answered);
  const outcome = await run("192.0.2.9", { ip_protocol_fallback: false });
  assert.equal(reasonOf(outcome), "dns_no_address");
  assert.equal(outcome.address, undefined);
  assert.deepEqual(orders, []);
});

test("an IPv4 address in IPv6 form is sent to as IPv4", async () => {
  const { run, orders } = bench(answered);
  assert.equal((await run("::ffff:192.0.2.9")).kind, "succeeded");
  assert.equal(orders[0]?.address, "192.0.2.9");
});

test("what the engine refuses to send is icmp_unsent, in its words", async () => {
  const refusal = Promise.reject(new Error("no address 192.0.2.77 on this machine"));
  const outcome = await bench(refusal).run("192.0.2.9");
  assert.equal(reasonOf(outcome), "icmp_unsent");
  assert.equal(
    outcome.kind === "failed" && outcome.detail,
    "no address 192.0.2.77 on this machine",
  );
});

test("a caller that goes away ends the probe as cancelled", async () => {
  const caller = new AbortController();
  const { run } = bench(new Promise<EchoOutcome>(() => {}));
  const probing = run("192.0.2.9", {}, caller.signal);
  caller.abort();
  assert.equal(reasonOf(await probing), "cancelled");
});
