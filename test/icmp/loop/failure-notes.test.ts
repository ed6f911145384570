import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { LOSS_REASONS, type LossReason } from "../../../src/icmp/echo.ts";
import { readFailures } from "../../../src/icmp/engine/failure-list.ts";
import type { EchoFailure } from "../../../src/icmp/engine-contract.ts";
import { FailureNotes, NOTE_WORDS } from "../../../src/icmp/loop/failure-notes.ts";
import { ADDRESS_WORDS } from "../../../src/icmp/transport.ts";
import { addressOf } from "../../support/fake-transport.ts";

const STREAM = 7;
const SLOT = 70_000;
/** As `failure-notes.ts` has it. */
const MAX_REPORTERS = 65_536;
/** No machine has so many interfaces: a zone without a name keeps its number. */
const NO_INTERFACE = 1_999_999_999;
const ENETUNREACH = 101;

const reasonNumber = (reason: LossReason): number => LOSS_REASONS.indexOf(reason);

function lost(reason: LossReason, reportedBy: string | undefined): EchoFailure {
  return { kind: "lost", explanation: { reason, reportedBy } };
}

/** An ICMP error comes for an echo, and its deadline passes without an answer. */
function explain(notes: FailureNotes, stream: number, reason: LossReason, reporter?: string): void {
  if (reporter !== undefined) notes.reported(SLOT, addressOf(reporter), 0);
  notes.noteLost(stream, reasonNumber(reason), notes.takeReporter(SLOT));
}

describe("readFailures() of what FailureNotes listed", () => {
  test("is empty when nothing failed", () => {
    const list = new FailureNotes().list();
    assert.deepEqual([list.length, readFailures(list).size], [0, 0]);
  });

  for (const reporter of [
    "192.0.2.254",
    "0.0.0.1",
    "255.255.255.255",
    "2001:db8::ff",
    "::1",
    `fe80::1%${NO_INTERFACE}`,
    undefined,
  ]) {
    for (const reason of LOSS_REASONS) {
      test(`says ${reason}, reported by ${reporter ?? "nobody known"}`, () => {
        const notes = new FailureNotes();
        explain(notes, STREAM, reason, reporter);
        const failures = readFailures(notes.list());
        assert.deepEqual([...failures], [[STREAM, lost(reason, reporter)]]);
      });
    }
  }

  for (const { errno, name } of [
    { errno: ENETUNREACH, name: "ENETUNREACH" },
    { errno: 1, name: "EPERM" },
    { errno: 105, name: "ENOBUFS" },
    { errno: 4000, name: "errno 4000" },
  ]) {
    test(`says ${name} of an echo that the kernel refused`, () => {
      const notes = new FailureNotes();
      notes.noteUnsent(STREAM, errno);
      assert.deepEqual(
        [...readFailures(notes.list())],
        [[STREAM, { kind: "unsent", errno: name }]],
      );
    });
  }

  test("leaves out a note that was cut off", () => {
    const notes = new FailureNotes();
    notes.noteUnsent(1, 1);
    notes.noteUnsent(2, 1);
    assert.deepEqual([...readFailures(notes.list().subarray(0, -1)).keys()], [1]);
  });
});

describe("a note", () => {
  test("is kept until the stream is answered or gone", () => {
    const notes = new FailureNotes();
    explain(notes, 1, "host_unreachable", "192.0.2.254");
    notes.noteUnsent(2, ENETUNREACH);
    notes.forget(3);
    assert.deepEqual([...readFailures(notes.list()).keys()], [1, 2]);
    notes.forget(1);
    assert.deepEqual([...readFailures(notes.list()).keys()], [2]);
    notes.forget(2);
    assert.equal(notes.list().length, 0);
  });

  test("gives way to the next failure that somebody explains, and its reporter goes with it", () => {
    const notes = new FailureNotes();
    explain(notes, STREAM, "host_unreachable", "192.0.2.254");
    explain(notes, STREAM, "prohibited");
    assert.deepEqual(readFailures(notes.list()).get(STREAM), lost("prohibited", undefined));
  });
});

describe("whoever reported an ICMP error", () => {
  test("is remembered by value: what the words hold later is another packet", () => {
    const notes = new FailureNotes();
    const words = new Uint32Array(3 + ADDRESS_WORDS);
    words.set(addressOf("192.0.2.254"), 3);
    notes.reported(SLOT, words, 3);
    words.fill(0);
    assert.deepEqual(notes.takeReporter(SLOT), addressOf("192.0.2.254"));
  });

  test("is given once", () => {
    const notes = new FailureNotes();
    notes.reported(SLOT, addressOf("2001:db8::ff"), 0);
    assert.notEqual(notes.takeReporter(SLOT), undefined);
    assert.equal(notes.takeReporter(SLOT), undefined);
  });

  test("is the one of the latest error about the echo", () => {
    const notes = new FailureNotes();
    notes.reported(SLOT, addressOf("192.0.2.1"), 0);
    notes.reported(SLOT, addressOf("192.0.2.2"), 0);
    assert.deepEqual(notes.takeReporter(SLOT), addressOf("192.0.2.2"));
  });

  test("is nobody when the address is not known", () => {
    const notes = new FailureNotes();
    notes.reported(SLOT, new Uint32Array(ADDRESS_WORDS), 0);
    assert.equal(notes.takeReporter(SLOT), undefined);
  });

  test("is nobody when the latest error does not say, whoever sent the one before", () => {
    const notes = new FailureNotes();
    notes.reported(SLOT, addressOf("192.0.2.1"), 0);
    notes.reported(SLOT, new Uint32Array(ADDRESS_WORDS), 0);
    assert.equal(notes.takeReporter(SLOT), undefined);
  });

  test("is remembered for so many echoes at once and no more", () => {
    const notes = new FailureNotes();
    const reporter = addressOf("192.0.2.254");
    for (let slot = 0; slot < MAX_REPORTERS + 1000; slot += 1) notes.reported(slot, reporter, 0);
    assert.deepEqual(notes.takeReporter(MAX_REPORTERS - 1), reporter);
    assert.equal(notes.takeReporter(MAX_REPORTERS), undefined);
    notes.reported(MAX_REPORTERS, reporter, 0);
    assert.deepEqual(notes.takeReporter(MAX_REPORTERS), reporter, "there is room for one again");
  });

  test("of an echo that has one changes even when there is no room for another", () => {
    const notes = new FailureNotes();
    for (let slot = 0; slot < MAX_REPORTERS; slot += 1) {
      notes.reported(slot, addressOf("192.0.2.1"), 0);
    }
    notes.reported(5, addressOf("192.0.2.2"), 0);
    assert.deepEqual(notes.takeReporter(5), addressOf("192.0.2.2"));
  });
});

const events = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("lost" as const),
      stream: fc.integer({ min: 1, max: 20 }),
      reason: fc.constantFrom(...LOSS_REASONS),
      reporter: fc.option(fc.constantFrom("192.0.2.7", "2001:db8::7"), { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant("unsent" as const),
      stream: fc.integer({ min: 1, max: 0xff_ffff }),
    }),
    fc.record({
      kind: fc.constant("answered" as const),
      stream: fc.integer({ min: 1, max: 20 }),
    }),
  ),
  { maxLength: 200 },
);

test("the list always holds the last failure of each stream that was not answered since", () => {
  fc.assert(
    fc.property(events, (happened) => {
      const notes = new FailureNotes();
      const model = new Map<number, EchoFailure>();
      for (const event of happened) {
        const { stream } = event;
        switch (event.kind) {
          case "lost":
            explain(notes, stream, event.reason, event.reporter);
            model.set(stream, lost(event.reason, event.reporter));
            break;
          case "unsent":
            notes.noteUnsent(stream, ENETUNREACH);
            model.set(stream, { kind: "unsent", errno: "ENETUNREACH" });
            break;
          case "answered":
            notes.forget(stream);
            model.delete(stream);
            break;
        }
      }
      const list = notes.list();
      assert.equal(list.length, model.size * NOTE_WORDS);
      assert.deepEqual(readFailures(list), model);
    }),
  );
});
