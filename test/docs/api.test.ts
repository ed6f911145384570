import assert from "node:assert/strict";
import { test } from "node:test";
import { type EchoOutcome, LOSS_REASONS } from "../../src/icmp/echo.ts";
import { problemOfEcho } from "../../src/report/echo-problem.ts";
import { pingResult } from "../../src/report/ping-result.ts";
import type { TargetEntry } from "../../src/report/target-list.ts";
import { TARGET_REASONS } from "../../src/report/target-reason.ts";
import { targetJson } from "../../src/server/targets-route.ts";
import { fencedBlocks, readPage, tablesOf } from "./markdown.ts";

const page = readPage("docs/api.md");
const [targets, ping, unresolved] = fencedBlocks(page, "json").map((text) => JSON.parse(text));

/** As a client reads it: what is undefined is not there. */
const read = (value: object): unknown => JSON.parse(JSON.stringify(value));

test("the page shows targets exactly as the API gives them", () => {
  for (const shown of targets.targets) {
    const { lastFinished, ...rest } = shown;
    const entry: TargetEntry = { ...rest, lastFinishedSeconds: Date.parse(lastFinished) / 1000 };
    assert.equal(JSON.stringify(targetJson(entry)), JSON.stringify(shown));
    assert.ok(shown.reason === undefined || TARGET_REASONS.includes(shown.reason));
  }
  assert.equal(targets.targets.length, 5);
});

test("the page shows the sentence of a failure as the API writes it", () => {
  const [, reported] = targets.targets;
  const { reason, detail, reportedBy } = reported;
  const explanation = { reason, reportedBy };
  assert.deepEqual(problemOfEcho({ kind: "lost", explanation }), { reason, detail });
  const unsent = problemOfEcho({ kind: "unsent", errno: "ENETUNREACH" });
  assert.ok(page.includes(`\`${unsent.detail}\``));
});

test("the page names every reason that a failing icmp target may have", () => {
  const [table] = tablesOf(page).filter(({ header }) => header[0] === "reason");
  const named = (table?.rows ?? []).flatMap(([cell = ""]) => cell.match(/`\w+`/g) ?? []);
  const wanted = [...LOSS_REASONS, "unsent"].map((reason) => `\`${reason}\``);
  assert.deepEqual(new Set(named), new Set(wanted));
});

test("the page shows a ping exactly as the API gives it", () => {
  const echoes: readonly EchoOutcome[] = [
    { kind: "answered", rttSeconds: 0.012, hopLimit: 57 },
    { kind: "lost", explanation: { reason: "host_unreachable", reportedBy: "192.0.2.254" } },
    { kind: "answered", rttSeconds: 0.014, hopLimit: 57 },
  ];
  const address = { text: "192.0.2.1", family: "ipv4" } as const;
  assert.deepEqual(ping, read(pingResult("192.0.2.1", { kind: "pinged", address, echoes })));
});

test("the page shows a ping of a name that does not resolve exactly as the API gives it", () => {
  const { target, reason, error: detail } = unresolved;
  const result = pingResult(target, { kind: "failed", reason, detail, address: undefined });
  assert.deepEqual(unresolved, read(result));
});
