import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ProbeOutcome } from "../../src/probe/prober.ts";
import { MAX_KEPT_CHARACTERS, ProbeHistory } from "../../src/report/probe-history.ts";
import { failed, succeeded } from "./fixtures.ts";

const good: ProbeOutcome = succeeded;
const bad: ProbeOutcome = failed("connect_refused");

function add(history: ProbeHistory, target: string, outcome: ProbeOutcome, moduleName = "m"): void {
  history.add({ target, moduleName, outcome, debugText: () => `log of ${target}` });
}

const idsOf = (history: ProbeHistory): number[] => history.newest(1_000).map(({ id }) => id);

test("ids rise from 0, and a probe keeps who it was of and when it began", () => {
  const history = new ProbeHistory(10);
  add(history, "a", good);
  add(history, "b", bad, "other");
  const [b, a] = history.newest(10);
  assert.equal(a?.id, 0);
  assert.equal(a?.isSuccess, true);
  assert.equal(a?.startedAtSeconds, good.finishedAtSeconds - good.durationSeconds);
  assert.deepEqual(
    [b?.id, b?.target, b?.moduleName, b?.isSuccess, b?.debugText()],
    [1, "b", "other", false, "log of b"],
  );
});

test("the text is made when it is asked for, and not before", () => {
  const history = new ProbeHistory(1);
  let made = 0;
  const debugText = () => String((made += 1));
  history.add({ target: "a", moduleName: "m", outcome: good, debugText });
  assert.equal(made, 0);
  assert.equal(history.get(0)?.debugText(), "1");
});

test("a failed probe outlives the successes after it, and goes at last", () => {
  const history = new ProbeHistory(2);
  add(history, "a", bad);
  for (let n = 0; n < 5; n += 1) add(history, "b", good);
  assert.deepEqual(idsOf(history), [5, 4, 0]);
  for (let n = 0; n < 3; n += 1) add(history, "c", bad);
  assert.deepEqual(idsOf(history), [8, 7, 6, 0], "id 6 is pushed out of the recent ones and kept");
  add(history, "c", bad);
  assert.deepEqual(idsOf(history), [9, 8, 7, 6]);
  assert.equal(history.get(0), undefined);
});

test("oldestOf() gives the oldest kept, failed ones that were pushed out first", () => {
  const history = new ProbeHistory(2);
  add(history, "a", bad, "m");
  add(history, "a", good, "m");
  add(history, "a", good, "n");
  assert.equal(history.oldestOf("a", undefined)?.id, 0);
  assert.equal(history.oldestOf("a", "m")?.id, 0);
  assert.equal(history.oldestOf("a", "n")?.id, 2);
  assert.equal(history.oldestOf("a", "o"), undefined);
  assert.equal(history.oldestOf("b", undefined), undefined);
});

test("a limit of 0 keeps nothing", () => {
  const history = new ProbeHistory(0);
  add(history, "a", bad);
  assert.deepEqual(history.newest(10), []);
  assert.equal(history.get(0), undefined);
});

test("newest() gives no more than it was asked for", () => {
  const history = new ProbeHistory(5);
  for (let n = 0; n < 5; n += 1) add(history, "a", good);
  assert.deepEqual(
    history.newest(2).map(({ id }) => id),
    [4, 3],
  );
});

const line = (value: string) => ({
  wallSeconds: 0,
  level: "info" as const,
  message: "m",
  fields: { value },
});

const large = [
  { name: "a long text", outcome: good, isMadeAtOnce: false },
  {
    name: "a probe with a long log",
    outcome: { ...bad, log: Array.from({ length: 200 }, () => line("x".repeat(1024))) },
    isMadeAtOnce: true,
  },
];

for (const { name, outcome, isMadeAtOnce } of large) {
  test(`${name} is cut to ${MAX_KEPT_CHARACTERS} characters and says so`, () => {
    const history = new ProbeHistory(1);
    let made = 0;
    const debugText = () => {
      made += 1;
      return "é".repeat(MAX_KEPT_CHARACTERS + 1);
    };
    history.add({ target: "a", moduleName: "m", outcome, debugText });
    assert.equal(made, isMadeAtOnce ? 1 : 0);
    const text = history.get(0)?.debugText() ?? "";
    assert.equal(text.length, MAX_KEPT_CHARACTERS);
    assert.match(text, /ééé\n… cut here: the history keeps at most 65536 characters of a probe\n$/);
  });
}

test("the history holds what blackbox_exporter's would after any run of probes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 0, max: 8 }),
      (run, limit) => {
        const history = new ProbeHistory(limit);
        let recent: number[] = [];
        let preserved: number[] = [];
        for (const [id, isSuccess] of run.entries()) {
          add(history, "a", isSuccess ? good : bad);
          if (limit === 0) continue;
          recent.push(id);
          if (recent.length <= limit) continue;
          const [oldest = 0] = recent;
          recent = recent.slice(1);
          if (run[oldest] === false) preserved = [...preserved, oldest].slice(-limit);
        }
        assert.deepEqual(idsOf(history), [...preserved, ...recent].reverse());
        assert.equal(history.oldestOf("a", undefined)?.id, [...preserved, ...recent][0]);
      },
    ),
  );
});
