import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "../support/fake-clock.ts";
import { bytesOfAddress, icmpPacket } from "./packet.ts";
import type { Fate } from "./record.ts";
import { Responder } from "./responder.ts";
import type { HostScript } from "./script.ts";

const HOST = "10.77.0.1";
const OWN = "10.99.0.1";

/** A responder on a clock that stands still, with the sequence numbers it writes and when. */
function bench(script: HostScript, seed = 1) {
  const clock = fakeClock();
  const written: { readonly atSeconds: number; readonly sequence: number }[] = [];
  const responder = new Responder({
    seed,
    ownAddresses: [OWN, "fd99::1"],
    clock,
    write: (packet) => {
      const sequence = ((packet[26] ?? 0) << 8) | (packet[27] ?? 0);
      written.push({ atSeconds: clock.monotonicSeconds(), sequence });
      return true;
    },
  });
  responder.setHost(HOST, script);
  const ask = (sequence: number, to = HOST): void => {
    const envelope = { source: OWN, destination: to, hopLimit: 64, trafficClass: 0 };
    const message = Uint8Array.from([8, 0, 0, 0, 0, 1, sequence >> 8, sequence & 0xff, 9, 9]);
    const source = bytesOfAddress(envelope.source);
    const destination = bytesOfAddress(envelope.destination);
    responder.receive(icmpPacket({ ...envelope, source, destination }, message));
    responder.sendDue();
  };
  /** Lets time pass the way the lab's thread does: awake at each due time. */
  const passSeconds = (seconds: number): void => {
    const endSeconds = clock.monotonicSeconds() + seconds;
    while (responder.nextDueSeconds <= endSeconds) {
      clock.advanceSeconds(Math.max(0, responder.nextDueSeconds - clock.monotonicSeconds()));
      responder.sendDue();
    }
    clock.advanceSeconds(endSeconds - clock.monotonicSeconds());
  };
  const fates = (): Fate[] => responder.record(HOST).echoes.map(({ fate }) => fate);
  const order = (): number[] => written.map(({ sequence }) => sequence);
  return { clock, responder, written, ask, passSeconds, fates, order };
}

/** Asks so many times, a second apart. */
function fatesOf(script: HostScript, count: number, seed = 1): Fate[] {
  const { ask, passSeconds, fates } = bench(script, seed);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    ask(sequence);
    passSeconds(1);
  }
  return fates();
}

const choices: readonly { name: string; script: HostScript; want: readonly Fate[] }[] = [
  { name: "nothing", script: {}, want: ["answered", "answered", "answered", "answered"] },
  {
    name: "every second",
    script: { loss: { every: 2 } },
    want: ["answered", "lost", "answered", "lost"],
  },
  {
    name: "the first two",
    script: { loss: { first: 2 } },
    want: ["lost", "lost", "answered", "answered"],
  },
  {
    name: "named requests",
    script: { loss: { requests: [1, 4] } },
    want: ["lost", "answered", "answered", "lost"],
  },
  {
    name: "a flap of two seconds up and one down",
    script: { flap: { upSeconds: 2, downSeconds: 1 } },
    want: ["answered", "answered", "down", "answered"],
  },
  {
    name: "late replies",
    script: { late: { when: { every: 3 }, holdSeconds: 5 } },
    want: ["answered", "answered", "late", "answered"],
  },
  {
    name: "an error in place of the reply",
    script: { error: { says: "prohibited", from: "10.98.0.1", when: { first: 1 } } },
    want: ["error", "answered", "answered", "answered"],
  },
  {
    name: "wrong packets beside the right reply",
    script: {
      corrupt: { damage: "payload", alsoAnswers: true },
      truncate: { toBytes: 4, alsoAnswers: true },
      forge: { sequenceOffset: 9, alsoAnswers: true },
    },
    want: ["answered", "answered", "answered", "answered"],
  },
];

for (const { name, script, want } of choices) {
  test(`Responder plays ${name}`, () => {
    assert.deepEqual(fatesOf(script, 4), want);
  });
}

test("Responder loses the same echoes for the same seed, others for another", () => {
  const script = { loss: { probability: 0.3 } };
  const losses = fatesOf(script, 200, 7);
  assert.deepEqual(fatesOf(script, 200, 7), losses);
  assert.notDeepEqual(fatesOf(script, 200, 8), losses);
  assert.equal(fatesOf({ loss: { probability: 0 } }, 50).includes("lost"), false);
  assert.equal(fatesOf({ loss: { probability: 1 } }, 50).includes("answered"), false);
});

test("Responder loses about as many as the probability says", () => {
  const lost = fatesOf({ loss: { probability: 0.1 } }, 5000).filter((fate) => fate === "lost");
  // The seed is fixed, so this is no gamble: five standard deviations around 500.
  assert.ok(lost.length > 394 && lost.length < 606, `${lost.length} of 5000`);
});

test("Responder holds a reply for the delay and says how long it did", () => {
  const { ask, passSeconds, responder, written } = bench({ delaySeconds: 0.25 });
  ask(1);
  passSeconds(0.2);
  assert.deepEqual(written, []);
  assert.equal(responder.totals().pending, 1);
  passSeconds(0.2);
  assert.deepEqual(written, [{ atSeconds: 0.25, sequence: 1 }]);
  assert.equal(responder.totals().pending, 0);
  const [echo] = responder.record(HOST).echoes;
  assert.equal(echo?.heldSeconds, 0.25);
  assert.deepEqual(echo?.written, [{ kind: "reply", atSeconds: 0.25 }]);
  assert.equal(echo?.payloadHex, "0909");
});

test("Responder adds jitter within its bounds", () => {
  const { ask, passSeconds, responder } = bench({ delaySeconds: 0.1, jitterSeconds: 0.1 });
  for (let sequence = 1; sequence <= 50; sequence += 1) {
    ask(sequence);
    passSeconds(1);
  }
  const held = responder.record(HOST).echoes.map(({ heldSeconds }) => heldSeconds ?? Number.NaN);
  assert.ok(held.every((seconds) => seconds >= 0.0999 && seconds <= 0.2001));
  assert.ok(new Set(held).size > 40);
});

test("Responder sends a reply behind the next one, and after a time without one", () => {
  const { ask, passSeconds, responder, written, order } = bench({
    reorder: { when: { requests: [1, 3] }, atMostSeconds: 2 },
  });
  ask(1);
  passSeconds(0.5);
  ask(2);
  assert.deepEqual(order(), [2, 1]);
  ask(3);
  passSeconds(5);
  assert.deepEqual(written.at(-1), { atSeconds: 2.5, sequence: 3 });
  assert.equal(responder.totals().reordered, 1);
  assert.equal(responder.totals().pending, 0);
});

test("Responder sends copies at their spacing and counts them apart", () => {
  const { ask, passSeconds, responder, written } = bench({
    duplicate: { copies: 2, spacingSeconds: 0.5 },
  });
  ask(1);
  passSeconds(2);
  assert.deepEqual(
    written.map(({ atSeconds }) => atSeconds),
    [0, 0.5, 1],
  );
  const { packets, fates } = responder.totals();
  assert.deepEqual([packets.reply, packets.duplicate, fates.answered], [1, 2, 1]);
});

test("Responder floods at its rate until the script changes", () => {
  const { passSeconds, responder } = bench({
    flood: { packetsPerSecond: 100, packet: "unreachable" },
  });
  passSeconds(1.005);
  assert.equal(responder.totals().packets.flood, 101);
  assert.equal(responder.totals().pending, 0);
  responder.setHost(HOST, {});
  passSeconds(1);
  assert.equal(responder.totals().packets.flood, 101);
  assert.equal(responder.totals().pending, 0);
});

test("Responder counts requests anew under a new script and keeps the record", () => {
  const { ask, responder, fates } = bench({ loss: { first: 1 } });
  ask(1);
  ask(2);
  responder.setHost(HOST, { loss: { first: 1 } });
  ask(3);
  ask(4);
  assert.deepEqual(fates(), ["lost", "answered", "lost", "answered"]);
});

test("Responder is silent for hosts without a script and for what is no echo request", () => {
  const { ask, responder, written } = bench({});
  ask(1, "10.77.0.2");
  responder.receive(Uint8Array.from([0x45, 0, 0]));
  const { received, unscripted, ignored } = responder.totals();
  assert.deepEqual([received, unscripted, ignored, written.length], [0, 1, 1, 0]);
});

const refusals: readonly { name: string; address: string; script: HostScript; want: RegExp }[] = [
  { name: "a name", address: "localhost", script: {}, want: /must be an IP address/ },
  {
    name: "a router of the other family",
    address: HOST,
    script: { error: { says: "prohibited", from: "fd98::1" } },
    want: /"fd98::1" must be an IP address of the same family/,
  },
  { name: "every 0th", address: HOST, script: { loss: { every: 0 } }, want: /loses nothing/ },
  {
    name: "a probability of 2",
    address: HOST,
    script: { duplicate: { copies: 1, when: { probability: 2 } } },
    want: /chooses nothing/,
  },
];

for (const { name, address, script, want } of refusals) {
  test(`setHost() refuses ${name}`, () => {
    const { responder } = bench({});
    assert.throws(() => responder.setHost(address, script), want);
  });
}
