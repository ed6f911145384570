import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { boundGoals, nearGoals } from "../../bench/accuracy/goals.ts";
import type { Outcome } from "../../bench/accuracy/outcome.ts";
import { type ErrorParts, errorParts } from "../../bench/accuracy/parts.ts";
import { type RecordedEcho, RecordWriter, readRecord } from "../../bench/accuracy/record.ts";
import { NO_STAMP, type Stamp, secondsBetween } from "../../bench/accuracy/stamp.ts";
import {
  addressNumber,
  echoKey,
  type WireEcho,
  type WireTruth,
} from "../../bench/accuracy/wire.ts";
import { isMet } from "../../bench/goal.ts";

const KEY = echoKey(addressNumber("10.88.0.1"), 7, 1);

const at = (nanoseconds: number): Stamp => ({ seconds: 1_800_000_000, nanoseconds });
const nanoseconds = (seconds: number): number => Math.round(seconds * 1e9);

/** An echo that the captures saw leave at 1 µs, arrive at 4 µs and answered at 12 µs. */
function wireEcho(changed: Partial<WireEcho> = {}): WireEcho {
  const echo = { left: at(1000), arrived: at(4000), replied: at(12_000), quietSeconds: 0.01 };
  return { ...echo, atLeast: 8e-6, atMost: 11e-6, ...changed };
}

/** The agent's own stamps of it: with the driver at 3.5 µs, back at the socket at 12 µs. */
function recordedEcho(changed: Partial<RecordedEcho> = {}): RecordedEcho {
  const echo = { key: KEY, rttSeconds: 8.5e-6, transmitted: at(3500), received: at(12_000) };
  return { ...echo, ...changed };
}

function partsOf(record: readonly RecordedEcho[], wire: readonly WireEcho[]): ErrorParts {
  const truth: WireTruth = {
    requests: wire.length,
    unanswered: 0,
    echoes: wire,
    echoesByKey: new Map([[KEY, wire]]),
  };
  return errorParts(record, truth);
}

test("secondsBetween() keeps nanoseconds over a full second", () => {
  const from = { seconds: 1_799_999_999, nanoseconds: 999_999_999 };
  assert.equal(secondsBetween(from, at(2)), 3e-9);
});

test("secondsBetween() of a stamp that the kernel left out is NaN", () => {
  assert.equal(secondsBetween(NO_STAMP, at(1)), Number.NaN);
  assert.equal(secondsBetween(at(1), NO_STAMP), Number.NaN);
});

test("errorParts() divides the way of a request at the driver's stamp", () => {
  const parts = partsOf([recordedEcho()], [wireEcho()]);
  assert.equal(nanoseconds(parts.captureToDriver.meanSeconds), 2500);
  assert.equal(nanoseconds(parts.driverToFar.meanSeconds), 500);
  assert.equal(parts.largestReplyGapSeconds, 0);
  assert.equal(parts.largestErrorSeconds, 0);
  assert.deepEqual([parts.echoes, parts.unstamped], [1, 0]);
});

test("errorParts() adds up to the difference from the near capture", () => {
  const received = at(12_250);
  const record = recordedEcho({ received, rttSeconds: 8.75e-6 });
  const parts = partsOf([record], [wireEcho()]);
  const sumSeconds = parts.largestReplyGapSeconds - parts.captureToDriver.meanSeconds;
  assert.equal(nanoseconds(sumSeconds), nanoseconds(record.rttSeconds - wireEcho().atMost));
});

test("errorParts() pairs the echoes of one name in their order", () => {
  const later = { left: at(21_000), arrived: at(22_000), replied: at(30_000) };
  const parts = partsOf(
    [recordedEcho(), recordedEcho({ transmitted: at(21_500), received: at(30_000) })],
    [wireEcho(), wireEcho({ ...later, atMost: 9e-6, quietSeconds: 9e-6 })],
  );
  assert.equal(nanoseconds(parts.captureToDriverAfterQuietSeconds), 2500);
  assert.equal(nanoseconds(parts.captureToDriverOtherwiseSeconds), 500);
  assert.equal(parts.largestErrorSeconds, 0);
});

const strays = [
  { name: "the kernel gave no transmit stamp", changed: { transmitted: NO_STAMP } },
  { name: "it is of another clock", changed: { rttSeconds: 8.501e-6 } },
] as const;

for (const { name, changed } of strays) {
  test(`errorParts() counts a round-trip time that is not between its stamps: ${name}`, () => {
    const parts = partsOf([recordedEcho(changed), recordedEcho()], [wireEcho(), wireEcho()]);
    assert.deepEqual([parts.echoes, parts.unstamped], [2, 1]);
    assert.equal(nanoseconds(parts.captureToDriver.meanSeconds), 2500);
  });
}

test("errorParts() knows no error of an echo that is not on the wire", () => {
  const parts = partsOf([recordedEcho()], []);
  assert.equal(parts.largestErrorSeconds, Number.NaN);
  assert.equal(parts.captureToDriver.meanSeconds, Number.NaN);
});

test("readRecord() gives back what RecordWriter wrote", () => {
  const directory = mkdtempSync(join(tmpdir(), "sounder-test-"));
  try {
    const file = join(directory, "record");
    const writer = new RecordWriter(file);
    const echo = recordedEcho({ transmitted: NO_STAMP });
    writer.add(addressNumber("10.88.0.1"), 7, 1, echo);
    writer.close();
    assert.deepEqual(readRecord(file), [echo]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const outcome: Outcome = {
  who: "sounder (raw)",
  condition: "idle",
  targets: 100,
  wire: {
    requests: 100,
    unanswered: 0,
    meanSeconds: { atLeast: 8e-6, atMost: 11e-6 },
    p99Seconds: { atLeast: 20e-6, atMost: 30e-6 },
  },
  reported: { echoes: 100, unanswered: 1, meanSeconds: 8.5e-6, p99Seconds: 26e-6 },
};

test("nearGoals() holds the figures against the near capture alone", () => {
  const goals = nearGoals(outcome);
  assert.deepEqual(
    goals.map(({ measured }) => measured.toFixed(2)),
    ["2.50", "4.00", "1.00"],
  );
  assert.deepEqual(goals.map(isMet), [false, true, false]);
});

test("boundGoals() holds the figures against both captures", () => {
  assert.deepEqual(
    boundGoals(outcome).map(({ measured }) => measured),
    [0, 0],
  );
});
