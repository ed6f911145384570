import assert from "node:assert/strict";
import { test } from "node:test";
import type { EchoOutcome } from "../../../src/icmp/echo.ts";
import type { Engine } from "../../../src/icmp/engine-contract.ts";
import { createGuard } from "../../../src/policy/guard.ts";
import { type PingTools, ping } from "../../../src/probe/icmp/ping.ts";
import { moduleOptions } from "../../../src/probe/module.ts";
import { fakeClock } from "../../support/fake-clock.ts";

type Order = Parameters<Engine["echo"]>[0];

const ANSWERED: EchoOutcome = { kind: "answered", rttSeconds: 0.01, hopLimit: 57 };
const never = new AbortController().signal;

/** An engine that answers at once, names that all are one address, and a clock that only pauses move. */
function bench(
  changes: Partial<Omit<PingTools, "engine">> & { readonly engine?: Partial<Engine> } = {},
) {
  const clock = fakeClock();
  const sent: (Order & { readonly atSeconds: number })[] = [];
  const engine: PingTools["engine"] = {
    state: "running",
    problem: undefined,
    echo: async (order) => {
      sent.push({ ...order, atSeconds: clock.monotonicSeconds() });
      return ANSWERED;
    },
    ...changes.engine,
  };
  const tools: PingTools = {
    resolve: async () => ({
      kind: "resolved",
      addresses: [
        { text: "192.0.2.7", family: "ipv4" },
        { text: "2001:db8::7", family: "ipv6" },
      ],
      ttlSeconds: 60,
      isStale: false,
    }),
    guard: () => ({ kind: "allowed" }),
    pause: async (seconds) => clock.advanceSeconds(seconds),
    ...changes,
    engine,
  };
  const run = (
    target: string,
    options: { count?: number; module?: object; signal?: AbortSignal } = {},
  ) =>
    ping(
      {
        target,
        module: moduleOptions.parse({ prober: "icmp", ...options.module }),
        count: options.count ?? 1,
        permit: { kind: "deny_only" },
      },
      tools,
      options.signal ?? never,
    );
  return { run, sent };
}

test("ping() sends all echoes to one address, 200 ms apart", async () => {
  const { run, sent } = bench();
  const outcome = await run("https://gw.example.net/x", { count: 3 });
  assert.deepEqual(outcome, {
    kind: "pinged",
    address: { text: "2001:db8::7", family: "ipv6" },
    echoes: [ANSWERED, ANSWERED, ANSWERED],
  });
  assert.deepEqual(
    sent.map(({ address, atSeconds }) => [address, Number(atSeconds.toFixed(3))]),
    [
      ["2001:db8::7", 0],
      ["2001:db8::7", 0.2],
      ["2001:db8::7", 0.4],
    ],
  );
});

test("ping() does not wait for an answer before the next echo leaves", async () => {
  const ends: (() => void)[] = [];
  const { run } = bench({
    engine: {
      echo: () =>
        new Promise((resolve) => {
          ends.push(() => resolve(ANSWERED));
          if (ends.length === 3) for (const end of ends) end();
        }),
    },
  });
  const outcome = await run("192.0.2.1", { count: 3 });
  assert.equal(outcome.kind === "pinged" && outcome.echoes.length, 3);
});

const timeouts = [
  { name: "none has five seconds", module: {}, want: 5 },
  { name: "its own has that", module: { timeout: "700ms" }, want: 0.7 },
  { name: "a very long one has ten seconds", module: { timeout: "5m" }, want: 10 },
];
for (const { name, module, want } of timeouts) {
  test(`an echo of a module whose timeout is ${name}`, async () => {
    const { run, sent } = bench();
    await run("192.0.2.1", { module });
    assert.equal(sent[0]?.timeoutSeconds, want);
  });
}

test("the module's options are those of the echoes", async () => {
  const { run, sent } = bench();
  await run("gw.example.net", {
    module: { icmp: { preferred_ip_protocol: "ip4", ttl: 9, dscp: 46, payload_size: 100 } },
  });
  const [order] = sent;
  assert.equal(order?.address, "192.0.2.7");
  assert.equal(order?.payloadBytes, 100);
  assert.equal(order?.profile.hopLimit, 9);
  assert.equal(order?.profile.dscp, 46);
});

test("a name that does not resolve fails with the resolver's reason and sends nothing", async () => {
  const detail = "nowhere.example.net does not exist";
  const { run, sent } = bench({
    resolve: async () => ({ kind: "failed", reason: "dns_nxdomain", detail }),
  });
  const want = { kind: "failed", reason: "dns_nxdomain", detail, address: undefined };
  assert.deepEqual(await run("nowhere.example.net", { count: 2 }), want);
  assert.deepEqual(sent, []);
});

test("a name without an address of the wanted family fails", async () => {
  const { run } = bench({
    resolve: async () => ({
      kind: "resolved",
      addresses: [{ text: "192.0.2.7", family: "ipv4" }],
      ttlSeconds: 60,
      isStale: false,
    }),
  });
  const icmp = { preferred_ip_protocol: "ip6", ip_protocol_fallback: false };
  const outcome = await run("gw.example.net", { module: { icmp } });
  assert.equal(outcome.kind === "failed" && outcome.reason, "dns_no_address");
});

test("a look-up that takes longer than three seconds is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let isGivenUp = false;
  const { run } = bench({
    resolve: (_name, signal) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          isGivenUp = true;
        });
      }),
  });
  const ended = run("slow.example.net");
  t.mock.timers.tick(3_000);
  const outcome = await ended;
  assert.equal(outcome.kind === "failed" && outcome.reason, "dns_timeout");
  assert.equal(isGivenUp, true);
});

test("an address that the guard refuses is not sent to", async () => {
  const { run, sent } = bench({ guard: createGuard({ deny: ["metadata"], listen: [] }) });
  const outcome = await run("169.254.169.254");
  assert.equal(outcome.kind === "refused" && outcome.rule, "deny:metadata");
  assert.deepEqual(sent, []);
});

test("a source address of the other family is said, not tried", async () => {
  const { run, sent } = bench();
  const outcome = await run("192.0.2.1", {
    module: { icmp: { source_ip_address: "2001:db8::1" } },
  });
  assert.equal(outcome.kind === "failed" && outcome.reason, "icmp_unsent");
  assert.deepEqual(sent, []);
});

test("what a running engine refuses to send is a failure with its sentence", async () => {
  const sentence = "Cannot bind to interface wan9: there is none of this name";
  const { run } = bench({ engine: { echo: () => Promise.reject(new Error(sentence)) } });
  assert.deepEqual(await run("192.0.2.1", { count: 3 }), {
    kind: "failed",
    reason: "icmp_unsent",
    detail: sentence,
    address: { text: "192.0.2.1", family: "ipv4" },
  });
});

test("without an engine the outcome holds the remedy", async () => {
  const problem = "Cannot open an ICMP socket: grant CAP_NET_RAW";
  const { run, sent } = bench({ engine: { state: "unavailable", problem } });
  assert.deepEqual(await run("192.0.2.1"), { kind: "unavailable", sentence: problem });
  assert.deepEqual(sent, []);
});

test("an engine that ends meanwhile is the agent's fault, not an outcome", async () => {
  let state: Engine["state"] = "running";
  const engine = {
    get state() {
      return state;
    },
    problem: undefined,
    echo: async () => {
      state = "failed";
      throw new Error("The ICMP engine's thread ended by itself");
    },
  };
  const tools: PingTools = {
    engine,
    resolve: () => Promise.reject(new Error("not asked")),
    guard: () => ({ kind: "allowed" }),
    pause: async () => {},
  };
  const request = {
    target: "192.0.2.1",
    module: moduleOptions.parse({ prober: "icmp" }),
    count: 1,
    permit: { kind: "deny_only" },
  } as const;
  await assert.rejects(ping(request, tools, never), /ended by itself/);
});

for (const { name, target, changes } of [
  { name: "the look-up", target: "slow.example.net", changes: { resolve: forever } },
  { name: "the pause between two echoes", target: "192.0.2.1", changes: { pause: forever } },
  { name: "an answer", target: "192.0.2.1", changes: { engine: { echo: forever } } },
]) {
  test(`a caller that goes away during ${name} ends the ping there`, async () => {
    const caller = new AbortController();
    const { run, sent } = bench(changes);
    const ended = run(target, { count: 2, signal: caller.signal });
    caller.abort(new Error("the client closed the connection"));
    await assert.rejects(ended, /the client closed the connection/);
    assert.ok(sent.length <= 1);
  });
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
