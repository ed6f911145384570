import assert from "node:assert/strict";
import { test } from "node:test";
import { InFlight, MATCH, NO_SLOT } from "../../../src/icmp/loop/in-flight.ts";

/** The wheel of deadlines turns in 16.384 s. */
const WHEEL_SECONDS = 16.384;
const STREAM = 7;

function expired(table: InFlight, nowSeconds: number): number[] {
  const slots: number[] = [];
  table.expire(nowSeconds, (slot) => slots.push(slot));
  return slots;
}

test("take() keeps what the reply must be matched with", () => {
  const table = new InFlight(100);
  const slot = table.take(0xab00_0007, 0xdead_beef, 100.5, 2, 3);
  table.sent(slot, 1_700_000_000, 5, 100.5);
  assert.equal(table.streamOf(slot), 0xab00_0007);
  assert.equal(table.cookieOf(slot), 0xdead_beef);
  assert.equal(table.sentAtSecondsOf(slot), 100.5);
  assert.equal(table.timeoutSecondsOf(slot), 2);
  assert.equal(table.batchMarkOf(slot), 3);
  assert.equal(table.reasonOf(slot), 0);
  assert.equal(table.stampSecondsOf(slot), 1_700_000_000);
  assert.equal(table.stampNanosecondsOf(slot), 5);
  assert.equal(table.hasKernelStamp(slot), false);
  table.stamp(slot, 1_700_000_001, 6);
  assert.equal(table.hasKernelStamp(slot), true);
  assert.equal(table.stampSecondsOf(slot), 1_700_000_001);
  assert.equal(table.stampNanosecondsOf(slot), 6);
  assert.equal(table.flying, 1);
});

test("take() gives neighbouring slots, so that sequence numbers count up", () => {
  const table = new InFlight(0);
  const slots = [1, 2, 3].map((cookie) => table.take(STREAM, cookie, 0, 1, 0));
  assert.deepEqual(slots, [0, 1, 2]);
});

test("a slot that never held an echo is foreign to every reply", () => {
  const table = new InFlight(0);
  assert.equal(table.streamOf(12), 0);
  assert.equal(table.match(12, true), MATCH.foreign);
});

test("match() of a reply in time answers once; more of them are duplicates", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 1, 0, 1, 0);
  assert.equal(table.match(slot, true), MATCH.answered);
  assert.equal(table.flying, 0);
  assert.equal(table.match(slot, true), MATCH.duplicate);
  assert.equal(table.match(slot, false), MATCH.duplicate);
  assert.deepEqual(expired(table, 10), []);
  assert.equal(table.match(slot, true), MATCH.duplicate);
});

test("match() of a reply after the deadline is late, once, and the echo stays lost", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 1, 0, 1, 0);
  assert.deepEqual(expired(table, 1.1), [slot]);
  assert.equal(table.match(slot, false), MATCH.late);
  assert.equal(table.match(slot, false), MATCH.duplicate);
  assert.deepEqual(expired(table, 20), []);
});

test("match() of a reply too late by its stamps leaves the echo to be lost at its deadline", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 1, 0, 1, 0);
  assert.equal(table.match(slot, false), MATCH.late);
  assert.equal(table.flying, 1);
  assert.equal(table.match(slot, true), MATCH.duplicate);
  assert.deepEqual(expired(table, 1.1), [slot]);
  assert.equal(table.flying, 0);
  assert.equal(table.match(slot, false), MATCH.duplicate);
});

test("the timeout runs from the send call, however long after take() it was", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 1, 0, 1, 0);
  table.sent(slot, 1_700_000_000, 0, 3.5);
  assert.deepEqual(expired(table, 4.4), []);
  assert.equal(table.flying, 1);
  assert.deepEqual(expired(table, 4.51), [slot]);
});

test("refuse() ends the echo: no answer counts and no deadline falls", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 1, 0, 1, 0);
  table.refuse(slot);
  assert.equal(table.flying, 0);
  assert.equal(table.match(slot, true), MATCH.foreign);
  assert.deepEqual(expired(table, 10), []);
});

test("refuse() of an answered echo changes nothing", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 1, 0, 1, 0);
  table.match(slot, true);
  table.refuse(slot);
  assert.equal(table.flying, 0);
  assert.equal(table.match(slot, true), MATCH.duplicate);
});

test("explain() counts while the echo is in flight only", () => {
  const table = new InFlight(0);
  const explained = table.take(STREAM, 1, 0, 1, 0);
  const answered = table.take(STREAM, 2, 0, 1, 0);
  table.explain(explained, 4);
  table.match(answered, true);
  table.explain(answered, 4);
  assert.deepEqual(expired(table, 2), [explained]);
  assert.equal(table.reasonOf(explained), 4);
  assert.equal(table.reasonOf(answered), 0);
});

test("an echo used again starts without the stamps and the reason of the one before", () => {
  const table = new InFlight(0);
  const first = table.take(STREAM, 1, 0, 0.1, 0);
  table.stamp(first, 5, 5);
  table.explain(first, 2);
  expired(table, 1);
  let slot = table.take(STREAM, 2, 1, 0.1, 0);
  for (let taken = 0; slot !== first; taken += 1) {
    assert.ok(taken < table.slots, "the ring comes round");
    table.refuse(slot);
    if (taken % 1000 === 0) expired(table, 2 + taken);
    slot = table.take(STREAM, 2, 2 + taken, 0.1, 0);
  }
  assert.equal(table.hasKernelStamp(slot), false);
  assert.equal(table.stampSecondsOf(slot), 0);
  assert.equal(table.reasonOf(slot), 0);
});

const timeouts = [0.001, 0.004, 0.1, 1, 5, 16, WHEEL_SECONDS, 17, 40, 100, 3600];
for (const timeoutSeconds of timeouts) {
  test(`a deadline of ${timeoutSeconds} s falls after it has passed and not before`, () => {
    const start = 1234.5;
    const table = new InFlight(start);
    const slot = table.take(STREAM, 1, start, timeoutSeconds, 0);
    const step = Math.max(timeoutSeconds / 50, 0.004);
    let now = start;
    for (; now < start + timeoutSeconds - 1e-3; now += step) {
      assert.deepEqual(expired(table, now), [], `at ${now - start} s`);
    }
    // One tick of the wheel (4 ms) and the rounding of the timeout to 32 bits.
    const end = start + timeoutSeconds * (1 + 1e-6) + 0.005;
    assert.deepEqual(expired(table, end), [slot]);
  });
}

const stalls = [0.5, 3, 16, WHEEL_SECONDS, 17, 60, 7 * WHEEL_SECONDS + 0.1, 1e6];
for (const stallSeconds of stalls) {
  test(`after a stall of ${stallSeconds} s exactly the deadlines that passed fall, each once`, () => {
    const table = new InFlight(50);
    const deadlines = Array.from({ length: 300 }, (_, at) => {
      const timeoutSeconds = 0.25 + at * 0.5;
      return { slot: table.take(STREAM, at, 50, timeoutSeconds, 0), timeoutSeconds };
    });
    const now = 50 + stallSeconds;
    const fell = expired(table, now).toSorted((a, b) => a - b);
    const passed = deadlines.filter(({ timeoutSeconds }) => timeoutSeconds <= stallSeconds);
    assert.deepEqual(
      fell,
      passed.map(({ slot }) => slot),
    );
    const rest = expired(table, now + 200).toSorted((a, b) => a - b);
    assert.deepEqual(
      [...fell, ...rest],
      deadlines.map(({ slot }) => slot),
    );
    assert.equal(table.flying, 0);
  });
}

test("a table full of echoes in flight gives NO_SLOT, and room again when their deadlines passed", () => {
  const table = new InFlight(0);
  const slots = new Set<number>();
  for (let at = 0; at < table.slots; at += 1) slots.add(table.take(STREAM, at, 0, 1, 0));
  assert.equal(slots.size, table.slots);
  assert.equal(slots.has(NO_SLOT), false);
  assert.equal(table.take(STREAM, 1, 0, 1, 0), NO_SLOT);
  assert.equal(table.flying, table.slots);
  assert.equal(expired(table, 1.01).length, table.slots);
  assert.notEqual(table.take(STREAM, 1, 1.01, 1, 0), NO_SLOT);
});

test("an answered echo keeps its slot until its deadline, so that a duplicate is known", () => {
  const table = new InFlight(0);
  for (let at = 0; at < table.slots; at += 1) table.match(table.take(STREAM, at, 0, 1, 0), true);
  assert.equal(table.take(STREAM, 1, 0.5, 1, 0), NO_SLOT);
  expired(table, 1.01);
  assert.notEqual(table.take(STREAM, 1, 1.01, 1, 0), NO_SLOT);
});

test("one long echo does not stop the ring from coming round", () => {
  const table = new InFlight(0);
  const long = table.take(STREAM, 1, 0, 3600, 0);
  for (let at = 0; at < 3 * table.slots; at += 1) {
    const now = at * 0.001;
    if (at % 10 === 0) expired(table, now);
    const slot = table.take(STREAM, at, now, 0.1, 0);
    assert.notEqual(slot, NO_SLOT);
    assert.notEqual(slot, long);
  }
});

test("reserve() rounds up to whole identifiers, keeps what flies and never shrinks", () => {
  const table = new InFlight(0);
  const slot = table.take(STREAM, 0x1234_5678, 0, 1, 9);
  table.reserve(65_537);
  assert.equal(table.slots, 2 * 65_536);
  table.reserve(1);
  assert.equal(table.slots, 2 * 65_536);
  table.reserve(Number.MAX_SAFE_INTEGER);
  assert.equal(table.slots, 16 * 65_536);
  assert.equal(table.cookieOf(slot), 0x1234_5678);
  assert.equal(table.batchMarkOf(slot), 9);
  assert.deepEqual(expired(table, 1.01), [slot]);
  assert.equal(table.match(slot, false), MATCH.late);
});
