import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EchoBench, type Row } from "../../support/echo-bench.ts";
import { addressOf, type FakeAnswer, type FakeFate } from "../../support/fake-transport.ts";

const MAX_DELAY_SECONDS = 6;
/** A reply this close to its deadline may fall on either side of it. */
const DOUBT_SECONDS = 0.001;
const TIMEOUTS = [0.25, 0.5, 1, 3];

const delay = fc
  .oneof(
    fc.double({ min: 0, max: 0.3, noNaN: true }),
    fc.double({ min: 0, max: MAX_DELAY_SECONDS, noNaN: true }),
  )
  .filter((seconds) => TIMEOUTS.every((limit) => Math.abs(seconds - limit) > DOUBT_SECONDS));

const answer = fc.record({ afterSeconds: delay, isDamaged: fc.boolean() });
const fate = fc.oneof(
  { weight: 1, arbitrary: fc.constant("refused" as const) },
  { weight: 8, arbitrary: fc.array(answer, { maxLength: 3 }) },
);
const stream = fc.record({
  intervalSeconds: fc.constantFrom(0.1, 0.333, 1, 5),
  timeoutSeconds: fc.constantFrom(...TIMEOUTS),
  echoesPerInterval: fc.constantFrom(1, 1, 3),
  phase: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
});
const moment = fc.record({
  runSeconds: fc.double({ min: 0, max: 3, noNaN: true }),
  stallSeconds: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 20, noNaN: true })),
});

type Fate = "refused" | readonly { readonly afterSeconds: number; readonly isDamaged: boolean }[];
type Counts = Pick<
  Row,
  "echoes" | "lost" | "unsent" | "lateReplies" | "duplicateReplies" | "corruptReplies"
>;

/** How one echo ends by the contract, from what comes back. */
function addEnding(
  counts: Record<keyof Counts, number>,
  way: Fate,
  timeoutSeconds: number,
): number {
  if (way === "refused") {
    counts.unsent += 1;
    return 0;
  }
  const intact = way.filter(({ isDamaged }) => !isDamaged).map(({ afterSeconds }) => afterSeconds);
  const first = Math.min(...intact);
  counts.echoes += 1;
  counts.corruptReplies += way.length - intact.length;
  counts.duplicateReplies += Math.max(intact.length - 1, 0);
  if (first <= timeoutSeconds) return first;
  counts.lost += 1;
  if (intact.length > 0) counts.lateReplies += 1;
  return 0;
}

function toFate(way: Fate): FakeFate {
  if (way === "refused") return { kind: "refused", errno: 101 };
  const answers = way.map(
    ({ afterSeconds, isDamaged }): FakeAnswer =>
      isDamaged
        ? {
            afterSeconds,
            damage: (message) => message.map((byte, at) => (at === 20 ? ~byte : byte)),
          }
        : { afterSeconds },
  );
  return { kind: "sent", answers };
}

test("every echo ends once and as the contract says, whatever comes back and whenever it is read", () => {
  fc.assert(
    fc.property(
      fc.array(stream, { minLength: 1, maxLength: 4 }),
      fc.array(fate, { minLength: 1, maxLength: 20 }),
      fc.array(moment, { minLength: 1, maxLength: 6 }),
      (streams, fates, moments) => {
        const bench = new EchoBench();
        const want = streams.map(() => ({
          echoes: 0,
          lost: 0,
          unsent: 0,
          lateReplies: 0,
          duplicateReplies: 0,
          corruptReplies: 0,
        }));
        const rttSums = streams.map(() => 0);
        bench.transport.fate = ({ index, address }) => {
          const way = fates[index % fates.length] ?? "refused";
          const at = ((address[1] ?? 0) >>> 24) - 1;
          const timeoutSeconds = streams[at]?.timeoutSeconds ?? 0;
          const counts = want[at];
          assert.ok(counts !== undefined);
          rttSums[at] = (rttSums[at] ?? 0) + addEnding(counts, way, timeoutSeconds);
          return toFate(way);
        };
        for (const [at, settings] of streams.entries()) {
          bench.set(at + 1, {
            ...settings,
            echoSpacingSeconds: 0.03,
            address: addressOf(`192.0.2.${at + 1}`),
          });
        }
        for (const { runSeconds, stallSeconds } of moments) {
          bench.run(runSeconds);
          bench.stall(stallSeconds);
        }
        bench.finish(
          streams.map((_, at) => at + 1),
          MAX_DELAY_SECONDS + 4,
        );
        for (const [at, counts] of want.entries()) {
          const row = bench.row(at + 1);
          for (const [name, value] of Object.entries(counts)) {
            assert.equal(row[name as keyof Counts], value, `${name} of stream ${at + 1}`);
          }
          assert.equal(row.suspect, 0);
          assert.ok(Math.abs(row.rttSumSeconds - (rttSums[at] ?? 0)) < 1e-6);
        }
        assert.equal(bench.loop.figures().foreignPackets, 0);
      },
    ),
    { numRuns: 120 },
  );
});
