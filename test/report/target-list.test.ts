import assert from "node:assert/strict";
import { test } from "node:test";
import { LOSS_REASONS, type LossReason } from "../../src/icmp/echo.ts";
import type { EchoFailure, TallySnapshot } from "../../src/icmp/engine-contract.ts";
import { ContinuousReport, TooManyScrapesError } from "../../src/report/continuous.ts";
import { problemOfEcho } from "../../src/report/echo-problem.ts";
import type { TargetEntry } from "../../src/report/target-list.ts";
import { TARGET_REASONS, type TargetReason } from "../../src/report/target-reason.ts";
import type { TargetDescription } from "../../src/report/target-rows.ts";
import { fakeClock } from "../support/fake-clock.ts";
import {
  emptySnapshot,
  FINISHED_AT_SECONDS,
  failed,
  never,
  scrape,
  succeeded,
  tally,
  unanswered,
} from "./fixtures.ts";

const icmp: TargetDescription = {
  group: "core",
  module: "icmp",
  target: "192.0.2.1",
  labels: { role: "gateway" },
  prober: "icmp",
};
const http: TargetDescription = {
  group: "web",
  module: "http_2xx",
  target: "https://www.example.net/",
  labels: {},
  prober: "http",
};
const noFailures = async (): Promise<ReadonlyMap<number, EchoFailure>> => new Map();
const newReport = (): ContinuousReport => new ContinuousReport({ clock: fakeClock() });

async function collected(entries: AsyncIterable<TargetEntry>): Promise<readonly TargetEntry[]> {
  const all: TargetEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

async function listed(
  report: ContinuousReport,
  snapshot: TallySnapshot | undefined = emptySnapshot(100),
  isFailingOnly = false,
  failures: Readonly<Record<number, EchoFailure>> = {},
): Promise<readonly TargetEntry[]> {
  const byStream = new Map(Object.entries(failures).map(([stream, of]) => [Number(stream), of]));
  const source = { snapshot: async () => snapshot, failures: async () => byStream, isFailingOnly };
  return collected(report.list(source, never));
}

async function only(
  report: ContinuousReport,
  snapshot?: TallySnapshot,
  failures?: Readonly<Record<number, EchoFailure>>,
): Promise<TargetEntry> {
  const [entry, ...others] = await listed(report, snapshot, false, failures);
  assert.ok(entry !== undefined && others.length === 0);
  return entry;
}

/** What is not undefined: what a reader of the list sees. */
const seen = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("list() of no targets gives nothing", async () => {
  assert.deepEqual(await listed(newReport()), []);
});

test("a new icmp target is unknown and has counted nothing", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  assert.deepEqual(seen(await only(report)), {
    target: "192.0.2.1",
    module: "icmp",
    group: "core",
    labels: { role: "gateway" },
    state: "unknown",
    icmp: { echoes: 0, lost: 0, fast: { echoes: 0, lost: 0, probing: false }, lostByReason: {} },
  });
});

test("an icmp target shows its address and latest answers", async () => {
  const report = newReport();
  report.setAddress(report.addTarget(icmp, 2), { text: "192.0.2.1", family: "ipv4" });
  const snapshot = emptySnapshot(2);
  tally(snapshot, 2, { answered: 9, lost: 1 });
  snapshot.fastEchoes[2] = 40;
  snapshot.fastLost[2] = 7;
  snapshot.fastProbing[2] = 1;
  snapshot.lastRttSeconds[2] = 0.0123;
  snapshot.jitterSeconds[2] = 0.0004;
  snapshot.replyHopLimit[2] = 57;
  snapshot.lostByReason[2 * LOSS_REASONS.length + LOSS_REASONS.indexOf("ttl_exceeded")] = 1;
  const { icmp: result, ...entry } = await only(report, snapshot);
  assert.deepEqual(
    [entry.state, entry.address, entry.family, entry.lastFinishedSeconds],
    ["up", "192.0.2.1", "ipv4", FINISHED_AT_SECONDS],
  );
  assert.deepEqual(result, {
    echoes: 10,
    lost: 1,
    fast: { echoes: 40, lost: 7, probing: true },
    lossRatio: 0.1,
    lastRttSeconds: 0.0123,
    jitterSeconds: 0.0004,
    replyHopLimit: 57,
    lostByReason: { ttl_exceeded: 1 },
  });
});

test("an http target shows what its last probe showed", async () => {
  const report = newReport();
  report.record(report.addTarget(http, undefined), succeeded);
  assert.deepEqual(seen(await only(report)), {
    target: "https://www.example.net/",
    module: "http_2xx",
    group: "web",
    labels: {},
    state: "up",
    address: "192.0.2.7",
    family: "ipv4",
    lastFinishedSeconds: FINISHED_AT_SECONDS,
    http: {
      statusCode: 200,
      durationSeconds: 0.062,
      phases: {
        resolve: 0.0015,
        connect: 0.01,
        tls: 0.02,
        processing: 0.03,
        transfer: 0.0005,
      },
    },
  });
});

test("a failed probe shows its reason, and only the phases it reached", async () => {
  const report = newReport();
  const outcome = failed("connect_timeout", {
    facts: unanswered({ resolve: 0.002, connect: 1 }),
    durationSeconds: 1.01,
  });
  report.record(report.addTarget(http, undefined), { ...outcome, detail: "no connection" });
  const entry = await only(report);
  assert.deepEqual(
    [entry.state, entry.reason, entry.detail],
    ["failing", "connect_timeout", "no connection"],
  );
  assert.deepEqual(entry.http, {
    statusCode: 0,
    durationSeconds: 1.01,
    phases: { resolve: 0.002, connect: 1 },
  });
});

test("a reason goes with the failure it explained", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, failed("http_status"));
  report.record(target, succeeded);
  const entry = await only(report);
  assert.deepEqual([entry.state, entry.reason, entry.detail], ["up", undefined, undefined]);
});

test("times of a probe that the agent disturbed are not shown, its result is", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, succeeded);
  report.record(target, { ...succeeded, isDisturbed: true });
  const { state, http: result } = await only(report);
  assert.equal(state, "up");
  assert.deepEqual(result, { statusCode: 200, durationSeconds: undefined, phases: {} });
});

test("a long detail is cut", async () => {
  const report = newReport();
  const outcome = { ...failed("body_mismatch"), detail: "é".repeat(100_000) };
  report.record(report.addTarget(http, undefined), outcome);
  const { detail } = await only(report);
  assert.equal(detail, `${"é".repeat(299)}…`);
});

for (const reason of ["cancelled", "agent_overloaded"] as const) {
  test(`a probe that ended as ${reason} changes nothing in the list`, async () => {
    const report = newReport();
    const target = report.addTarget(http, undefined);
    report.record(target, succeeded);
    const before = await only(report);
    report.record(target, failed(reason, { finishedAtSeconds: FINISHED_AT_SECONDS + 9 }));
    assert.deepEqual(await only(report), before);
  });
}

test("an icmp target whose name has no address is unresolved with the resolver's words", async () => {
  const report = newReport();
  const target = report.addTarget(icmp, 1);
  const snapshot = emptySnapshot(1);
  tally(snapshot, 1, { answered: 9, lost: 0 });
  snapshot.lastRttSeconds[1] = 0.0123;
  const detail = "gw.example.net does not exist";
  report.setUnresolved(target, true, { reason: "dns_nxdomain", detail });
  const gone = await only(report, snapshot);
  assert.deepEqual([gone.state, gone.reason, gone.detail], ["unresolved", "dns_nxdomain", detail]);
  assert.equal(gone.icmp?.echoes, 9);
  assert.equal(gone.icmp?.lastRttSeconds, undefined);
  report.setUnresolved(target, false);
  const back = await only(report, snapshot);
  assert.deepEqual([back.state, back.reason], ["up", undefined]);
  assert.equal(back.icmp?.lastRttSeconds, 0.0123);
});

test("an http target whose name has no address is unresolved until a probe finds one", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, failed("dns_timeout", { address: undefined }));
  assert.equal((await only(report)).state, "unresolved");
  const { families } = await scrape(report);
  assert.equal(families.get("sounder_target_up")?.samples[0]?.value, 0);
  report.record(target, failed("http_status"));
  assert.equal((await only(report)).state, "failing");
});

test("a name that fails in a redirect is a failing target, not an unresolved one", async () => {
  const report = newReport();
  report.record(report.addTarget(http, undefined), failed("dns_nxdomain"));
  assert.equal((await only(report)).state, "failing");
});

test("the failing list has what fails or does not resolve, in the order of the targets", async () => {
  const report = newReport();
  const snapshot = emptySnapshot(4);
  const add = (target: string, stream: number): number =>
    report.addTarget({ ...icmp, target }, stream);
  add("192.0.2.1", 1);
  tally(snapshot, 1, { answered: 1, lost: 3 });
  add("192.0.2.2", 2);
  tally(snapshot, 2, { answered: 0, lost: 3 });
  add("192.0.2.3", 3);
  report.setUnresolved(add("gw.example.net", 4), true);
  const web = (target: string): number => report.addTarget({ ...http, target }, undefined);
  report.record(web("https://a.example.net/"), succeeded);
  report.record(web("https://b.example.net/"), failed("tls_expired"));
  web("https://c.example.net/");
  assert.deepEqual(
    (await listed(report, snapshot)).map(({ state }) => state),
    ["up", "failing", "unknown", "unresolved", "up", "failing", "unknown"],
  );
  assert.deepEqual(
    (await listed(report, snapshot, true)).map(({ target, state }) => [target, state]),
    [
      ["192.0.2.2", "failing"],
      ["gw.example.net", "unresolved"],
      ["https://b.example.net/", "failing"],
    ],
  );
});

/** One icmp target of stream 1 whose last batch had no answer. */
function dark(): { report: ContinuousReport; target: number; snapshot: TallySnapshot } {
  const report = newReport();
  const target = report.addTarget(icmp, 1);
  const snapshot = emptySnapshot(1);
  tally(snapshot, 1, { answered: 0, lost: 3 });
  return { report, target, snapshot };
}

const lost = (reason: LossReason, reportedBy: string | undefined): EchoFailure => ({
  kind: "lost",
  explanation: { reason, reportedBy },
});

const failures: readonly {
  readonly name: string;
  readonly failure: EchoFailure | undefined;
  readonly want: readonly [TargetReason | undefined, string | undefined, string | undefined];
}[] = [
  { name: "silence", failure: undefined, want: [undefined, undefined, undefined] },
  {
    name: "a router that says why",
    failure: lost("host_unreachable", "10.0.0.1"),
    want: ["host_unreachable", "10.0.0.1 says that the host is unreachable", "10.0.0.1"],
  },
  {
    name: "an ICMP error of nobody knows whom",
    failure: lost("prohibited", undefined),
    want: ["prohibited", "an ICMP error says that a filter forbids the echo", undefined],
  },
  {
    name: "a refusal that is explained",
    failure: { kind: "unsent", errno: "ENETUNREACH" },
    want: [
      "unsent",
      "the system refused to send (ENETUNREACH): this machine has no route to the address",
      undefined,
    ],
  },
  {
    name: "a refusal nobody has heard of",
    failure: { kind: "unsent", errno: "EXDEV" },
    want: ["unsent", "the system refused to send (EXDEV)", undefined],
  },
  {
    name: "a refusal named as what every object has",
    failure: { kind: "unsent", errno: "constructor" },
    want: ["unsent", "the system refused to send (constructor)", undefined],
  },
];

for (const { name, failure, want } of failures) {
  test(`a failing icmp target after ${name}`, async () => {
    const { report, snapshot } = dark();
    const entry = await only(report, snapshot, failure === undefined ? {} : { 1: failure });
    assert.equal(entry.state, "failing");
    assert.deepEqual([entry.reason, entry.detail, entry.reportedBy], want);
  });
}

test("every loss reason, and every errno that is explained, gives a sentence of its own", () => {
  const errnos = ["ENETUNREACH", "EPERM", "ENOBUFS", "EMSGSIZE", "EHOSTUNREACH", "EACCES"];
  const others = [
    "ENETDOWN",
    "EINVAL",
    "EADDRNOTAVAIL",
    "ENODEV",
    "EAFNOSUPPORT",
    "EAGAIN",
    "ENOMEM",
    "EMFILE",
  ];
  const problems = [
    ...LOSS_REASONS.map((reason) => problemOfEcho(lost(reason, "192.0.2.254"))),
    ...[...errnos, ...others].map((errno) => problemOfEcho({ kind: "unsent", errno })),
  ];
  for (const { reason, detail } of problems) {
    assert.ok(TARGET_REASONS.includes(reason), reason);
    assert.match(detail, / says that .|\): ./);
    assert.ok(!detail.includes("undefined") && !detail.endsWith("."), detail);
  }
  assert.equal(new Set(problems.map(({ detail }) => detail)).size, problems.length);
});

test("what failed before is no longer said of a target that is up or unknown", async () => {
  const { report, snapshot } = dark();
  const failure = { 1: lost("net_unreachable", "10.0.0.1") };
  for (const up of [1, Number.NaN]) {
    snapshot.up[1] = up;
    const { reason, detail, reportedBy } = await only(report, snapshot, failure);
    assert.deepEqual([reason, detail, reportedBy], [undefined, undefined, undefined], `${up}`);
  }
});

test("a name without an address is told by the resolver, not by what its last echo met", async () => {
  const { report, target, snapshot } = dark();
  const detail = "gw.example.net does not exist";
  report.setUnresolved(target, true, { reason: "dns_nxdomain", detail });
  const entry = await only(report, snapshot, { 1: lost("net_unreachable", "10.0.0.1") });
  assert.deepEqual(
    [entry.state, entry.reason, entry.detail],
    ["unresolved", "dns_nxdomain", detail],
  );
  assert.equal(entry.reportedBy, undefined);
});

test("a target that cannot be sent to as asked is failing with the engine's sentence until it can", async () => {
  const { report, target, snapshot } = dark();
  snapshot.up[1] = 1;
  snapshot.fastProbing[1] = 1;
  snapshot.lastRttSeconds[1] = 0.0123;
  const sentence = "source_ip_address 192.0.2.99 is not on this machine";
  report.setRefused(target, sentence);
  const refused = await only(report, snapshot, { 1: lost("net_unreachable", "10.0.0.1") });
  assert.deepEqual(
    [refused.state, refused.reason, refused.detail],
    ["failing", "unsent", sentence],
  );
  assert.deepEqual([refused.icmp?.lastRttSeconds, refused.icmp?.fast.probing], [undefined, false]);
  report.setRefused(target, undefined);
  const sent = await only(report, snapshot);
  assert.deepEqual([sent.state, sent.reason, sent.icmp?.fast.probing], ["up", undefined, true]);
});

test("a refusal goes with its target", async () => {
  const { report, target, snapshot } = dark();
  report.setRefused(target, "no such interface");
  report.removeTarget(target);
  report.setRefused(target, "no such interface");
  report.addTarget({ ...icmp, target: "192.0.2.2" }, 1);
  const entry = await only(report, snapshot);
  assert.deepEqual([entry.target, entry.state, entry.reason], ["192.0.2.2", "failing", undefined]);
});

test("the failures of a stream number used again are not another target's", async () => {
  const { report, target, snapshot } = dark();
  const asked = async (): Promise<ReadonlyMap<number, EchoFailure>> => {
    report.removeTarget(target);
    report.addTarget({ ...icmp, target: "192.0.2.2" }, 1);
    return new Map([[1, lost("net_unreachable", "10.0.0.1")]]);
  };
  const source = { snapshot: async () => snapshot, failures: asked, isFailingOnly: false };
  assert.deepEqual(await collected(report.list(source, never)), []);
});

test("a list whose failures cannot be asked ends with why, and the next one goes on", async () => {
  const { report, snapshot } = dark();
  const failed = (): Promise<never> => Promise.reject(new Error("the engine has stopped"));
  for (const source of [
    { snapshot: async () => snapshot, failures: failed, isFailingOnly: false },
    { snapshot: failed, failures: failed, isFailingOnly: false },
  ]) {
    await assert.rejects(report.list(source, never).next(), /the engine has stopped/);
  }
  assert.equal((await listed(report, snapshot)).length, 1);
});

test("targets of an engine that cannot be asked are unknown and have no counters", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  report.addTarget({ ...icmp, target: "192.0.2.2" }, undefined);
  const source = { snapshot: async () => undefined, failures: noFailures, isFailingOnly: false };
  const entries = await collected(report.list(source, never));
  assert.deepEqual(
    entries.map(({ state, icmp: result }) => [state, result?.echoes]),
    [
      ["unknown", undefined],
      ["unknown", 0],
    ],
  );
});

test("a removed target is in no later list, and its place keeps nothing of it", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, failed("http_status"));
  report.removeTarget(target);
  assert.deepEqual(await listed(report), []);
  report.addTarget({ ...http, target: "https://b.example.net/" }, undefined);
  const entry = await only(report);
  assert.deepEqual(
    [entry.target, entry.state, entry.reason, entry.http?.statusCode],
    ["https://b.example.net/", "unknown", undefined, undefined],
  );
});

test("a list under way shows nothing of a target added in the place of a removed one", async () => {
  const report = newReport();
  const targets = ["a", "b"].map((name) =>
    report.addTarget({ ...icmp, target: `${name}.example.net` }, undefined),
  );
  const list = report.list(
    { snapshot: async () => undefined, failures: noFailures, isFailingOnly: false },
    never,
  );
  assert.equal((await list.next()).value?.target, "a.example.net");
  report.removeTarget(targets[1] ?? 0);
  report.addTarget({ ...icmp, target: "c.example.net" }, undefined);
  const rest = await collected(list);
  assert.ok(!rest.some(({ target }) => target === "c.example.net"));
  assert.deepEqual(
    (await listed(report)).map(({ target }) => target),
    ["a.example.net", "c.example.net"],
  );
});

test("a list keeps its own copy of the tallies, because the engine uses its arrays again", async () => {
  const report = newReport();
  const snapshot = emptySnapshot(2);
  for (const stream of [1, 2]) {
    report.addTarget({ ...icmp, target: `192.0.2.${stream}` }, stream);
    tally(snapshot, stream, { answered: 5, lost: 0 });
  }
  const list = report.list(
    { snapshot: async () => snapshot, failures: noFailures, isFailingOnly: false },
    never,
  );
  await list.next();
  tally(snapshot, 2, { answered: 0, lost: 5 });
  const { value } = await list.next();
  assert.deepEqual([value?.state, value?.icmp?.lost], ["up", 0]);
  await list.return();
});

test("a list that is broken off gives its place back, one that is not holds it", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const source = {
    snapshot: async () => emptySnapshot(1),
    failures: noFailures,
    isFailingOnly: false,
  };
  for (let round = 0; round < 50; round += 1) {
    for await (const _entry of report.list(source, never)) break;
  }
  const open = Array.from({ length: 16 }, () => report.list(source, never));
  for (const list of open) await list.next();
  await assert.rejects(report.list(source, never).next(), TooManyScrapesError);
  for (const list of open) await list.return();
  assert.equal((await listed(report, emptySnapshot(1))).length, 1);
});

test("a list ends with the reason of its signal", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const gone = new AbortController();
  const snapshot = () => new Promise<undefined>(() => {});
  const list = report
    .list({ snapshot, failures: noFailures, isFailingOnly: false }, gone.signal)
    .next();
  gone.abort(new Error("the client closed the connection"));
  await assert.rejects(list, /the client closed the connection/);
});

test("a list lets the event loop turn, the work of its reader included", async () => {
  const clock = fakeClock();
  let stepStartSeconds = 0;
  let longestStepSeconds = 0;
  const nextTurn = async (): Promise<void> => {
    longestStepSeconds = Math.max(longestStepSeconds, clock.monotonicSeconds() - stepStartSeconds);
    stepStartSeconds = clock.monotonicSeconds();
  };
  const report = new ContinuousReport({ clock, nextTurn });
  for (let stream = 1; stream <= 1000; stream += 1) {
    report.addTarget({ ...icmp, target: `192.0.2.${stream}` }, stream);
  }
  const source = {
    snapshot: async () => emptySnapshot(1000),
    failures: noFailures,
    isFailingOnly: false,
  };
  for await (const _entry of report.list(source, never)) clock.advanceSeconds(20e-6);
  await nextTurn();
  assert.ok(longestStepSeconds < 0.0015, `${longestStepSeconds} s`);
});
