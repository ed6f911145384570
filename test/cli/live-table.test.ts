import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveTable } from "../../src/cli/live-table.ts";
import { PingBoard } from "../../src/cli/ping-board.ts";
import { fakeScreen } from "./fake-screen.ts";

/** A table whose redraws happen when the test lets time pass. */
function table(names: readonly string[], size: { columns: number; rows: number }) {
  let now = 0;
  let planned: { atSeconds: number; callback: () => void } | undefined;
  const screen = fakeScreen({ isTerminal: true, ...size });
  const board = new PingBoard(names);
  const live = new LiveTable({
    board,
    screen,
    clock: { monotonicSeconds: () => now },
    after: (seconds, callback) => {
      planned = { atSeconds: now + seconds, callback };
      return () => {
        planned = undefined;
      };
    },
  });
  const pass = (seconds: number): void => {
    now += seconds;
    if (planned === undefined || planned.atSeconds > now) return;
    const { callback } = planned;
    planned = undefined;
    callback();
  };
  const answer = (index: number, rttSeconds: number): void => {
    const name = names[index] ?? "";
    const outcome = { kind: "answered", rttSeconds, hopLimit: 64 } as const;
    board.add({ index, name, address: name, sequence: 1, outcome });
    live.changed();
  };
  return { screen, board, live, pass, answer, isPlanned: () => planned !== undefined };
}

test("the table is drawn over itself", () => {
  const { screen, pass, answer } = table(["192.0.2.1", "192.0.2.2"], { columns: 80, rows: 10 });
  pass(0);
  answer(0, 0.0125);
  pass(0.1);
  assert.deepEqual(screen.shown(), [
    "host         sent  received    loss    last     min     avg     max  stddev",
    "192.0.2.1       1         1      0%   12.50   12.50   12.50   12.50   0.000",
    "192.0.2.2       0         0       -       -       -       -       -       -",
    "Times in ms. Ctrl-C ends.",
  ]);
});

test("it is drawn at most ten times a second, however much happens", () => {
  const { screen, pass, answer } = table(["192.0.2.1"], { columns: 80, rows: 10 });
  pass(0);
  const before = screen.writes();
  for (let step = 0; step < 1_000; step += 1) {
    answer(0, 0.001);
    pass(0.001);
  }
  const drawn = screen.writes() - before;
  assert.ok(drawn <= 10 && drawn >= 8, `${drawn} times in a second`);
  assert.match(screen.shown()[1] ?? "", / (?:9\d\d|1000) /);
});

test("on a narrow screen the least important columns go and hosts are cut; no line wraps", () => {
  const names = ["a-very-long-name.of-a-host.example.net", "b.example"];
  for (const columns of [12, 20, 30, 40, 50, 60, 70, 80]) {
    const { screen, pass, answer } = table(names, { columns, rows: 10 });
    pass(0);
    answer(1, 0.5);
    pass(0.1);
    const lines = screen.shown();
    assert.equal(lines.length, 4, `${columns} columns: ${lines.join("\n")}`);
    assert.ok(lines.every((line) => line.length < columns));
    assert.match(lines[0] ?? "", /loss/);
  }
});

test("hosts that do not fit are counted in the last line, and nothing scrolls", () => {
  const names = Array.from({ length: 100 }, (_, at) => `192.0.2.${at}`);
  const { screen, pass, answer } = table(names, { columns: 80, rows: 8 });
  for (let step = 0; step < 5; step += 1) {
    answer(step, 0.001);
    pass(0.1);
  }
  const lines = screen.shown();
  assert.equal(lines.length, 7);
  assert.match(lines[0] ?? "", /^host/);
  assert.equal(lines.at(-1), "… and 95 more, all in the summary. Times in ms. Ctrl-C ends.");
});

test("after a change of size it is drawn anew", () => {
  const { screen, pass } = table(["192.0.2.1"], { columns: 80, rows: 10 });
  pass(0);
  screen.resize(40, 5);
  pass(0.1);
  assert.deepEqual(screen.shown(), [
    "host         loss    last     avg",
    "192.0.2.1       -       -       -",
    "Times in ms. Ctrl-C ends.",
  ]);
});

test("close() clears the table, shows the cursor and plans nothing more", () => {
  const { screen, live, pass, answer, isPlanned } = table(["192.0.2.1"], { columns: 80, rows: 9 });
  assert.equal(screen.isCursorShown(), false);
  pass(0);
  answer(0, 0.001);
  live.close();
  assert.equal(screen.isCursorShown(), true);
  assert.equal(isPlanned(), false);
  assert.deepEqual(screen.shown(), []);
  screen.resize(40, 5);
  assert.deepEqual(screen.shown(), []);
});

test("a name cannot move the cursor", () => {
  const { screen, pass } = table(["a\u001b[2Jb\n"], { columns: 80, rows: 9 });
  pass(0);
  assert.match(screen.shown()[1] ?? "", /^a\?\[2Jb\? /);
});
