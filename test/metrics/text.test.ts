import assert from "node:assert/strict";
import { test } from "node:test";
import { type TextSink, TextWriter } from "../../src/metrics/text.ts";
import { parseExposition } from "../support/exposition.ts";
import { fakeClock } from "../support/fake-clock.ts";

const never = new AbortController().signal;
const HEAD = { name: "a_total", type: "counter", help: "A." } as const;

/** Writes `rows` samples, each of which costs `rowSeconds` on the clock that is handed in. */
async function writeRows(options: {
  readonly rows: number;
  readonly rowSeconds: number;
  readonly sink: TextSink;
  readonly signal?: AbortSignal;
}): Promise<{ readonly longestStepSeconds: number; readonly turns: number }> {
  const clock = fakeClock();
  let stepStartSeconds = 0;
  let longestStepSeconds = 0;
  let turns = 0;
  const endStep = (): void => {
    longestStepSeconds = Math.max(longestStepSeconds, clock.monotonicSeconds() - stepStartSeconds);
    stepStartSeconds = clock.monotonicSeconds();
  };
  const writer = new TextWriter({
    sink: options.sink,
    signal: options.signal ?? never,
    monotonicSeconds: clock.monotonicSeconds,
    nextTurn: async () => {
      turns += 1;
      endStep();
      // Other work of the event loop takes its time, which is not this writer's.
      clock.advanceSeconds(1);
      stepStartSeconds = clock.monotonicSeconds();
    },
  });
  writer.begin(HEAD);
  for (let row = 0; row < options.rows; row += 1) {
    writer.sample(`row="${row}"`, row);
    clock.advanceSeconds(options.rowSeconds);
    if (writer.isDue()) await writer.turn();
  }
  await writer.end();
  endStep();
  return { longestStepSeconds, turns };
}

function keeping(): TextSink & { readonly chunks: string[] } {
  const chunks: string[] = [];
  return {
    chunks,
    write: (chunk) => {
      chunks.push(chunk);
    },
  };
}

const paces = [
  { name: "rows of 1 µs", rowSeconds: 1e-6, rows: 100_000, atLeastTurns: 40 },
  { name: "rows of 20 µs", rowSeconds: 20e-6, rows: 20_000, atLeastTurns: 100 },
  { name: "rows of 150 µs", rowSeconds: 150e-6, rows: 2_000, atLeastTurns: 100 },
] as const;

for (const { name, rowSeconds, rows, atLeastTurns } of paces) {
  test(`a writer of ${name} lets the event loop turn before 5 ms have passed`, async () => {
    const sink = keeping();
    const { longestStepSeconds, turns } = await writeRows({ rows, rowSeconds, sink });
    assert.ok(longestStepSeconds < 0.005, `a step of ${longestStepSeconds} s`);
    assert.ok(turns >= atLeastTurns, `${turns} turns`);
    assert.equal(parseExposition(sink.chunks.join("")).get("a_total")?.samples.length, rows);
  });
}

test("a writer whose rows cost nothing does not turn at all", async () => {
  const { turns } = await writeRows({ rows: 10_000, rowSeconds: 0, sink: keeping() });
  assert.equal(turns, 0);
});

test("chunks are neither tiny nor large", async () => {
  const sink = keeping();
  await writeRows({ rows: 50_000, rowSeconds: 0, sink });
  for (const chunk of sink.chunks.slice(0, -1)) {
    assert.ok(chunk.length >= 16 * 1024 && chunk.length <= 64 * 1024, `${chunk.length} characters`);
  }
});

test("a writer waits for a sink that is behind", async () => {
  let isBusy = false;
  const sink: TextSink = {
    write: async () => {
      assert.equal(isBusy, false, "a chunk came while the last one was not taken yet");
      isBusy = true;
      await new Promise((resolve) => setImmediate(resolve));
      isBusy = false;
    },
  };
  await writeRows({ rows: 10_000, rowSeconds: 0, sink });
});

test("a writer ends with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("the reader has left");
  let chunks = 0;
  const sink: TextSink = {
    write: () => {
      chunks += 1;
      controller.abort(reason);
    },
  };
  const written = writeRows({ rows: 100_000, rowSeconds: 0, sink, signal: controller.signal });
  await assert.rejects(written, reason);
  assert.equal(chunks, 1);
});

test("a writer ends with what the sink throws", async () => {
  const broken = new Error("broken pipe");
  const sink: TextSink = { write: () => Promise.reject(broken) };
  await assert.rejects(writeRows({ rows: 10_000, rowSeconds: 0, sink }), broken);
});

test("a family without samples leaves no head", async () => {
  const sink = keeping();
  const writer = new TextWriter({ sink, signal: never, monotonicSeconds: () => 0 });
  writer.begin({ name: "empty", type: "gauge", help: "E." });
  writer.gauge("", Number.NaN);
  writer.begin(HEAD);
  writer.sample("", 1);
  await writer.end();
  assert.equal(sink.chunks.join(""), "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n");
  assert.equal(writer.samples, 1);
});
