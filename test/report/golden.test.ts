import assert from "node:assert/strict";
import { test } from "node:test";
import { LOSS_REASONS } from "../../src/icmp/echo.ts";
import type { Metric } from "../../src/report/catalogue/metric.ts";
import { CATALOGUE } from "../../src/report/catalogue.ts";
import { ContinuousReport } from "../../src/report/continuous.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { assertGolden } from "../support/golden.ts";
import { promtoolComplaints, promtoolMissing } from "../support/promtool.ts";
import {
  emptySnapshot,
  FINISHED_AT_SECONDS,
  failed,
  type Scraped,
  scrape,
  succeeded,
  tally,
  tlsFacts,
  unanswered,
} from "./fixtures.ts";
import { probed } from "./prober-fixtures.ts";

/** A small fleet in every state there is: new, well, lossy, dark, unresolved, refused; and the same for http. */
function fleet(): Promise<Scraped> {
  const report = new ContinuousReport({ clock: fakeClock() });
  const snapshot = emptySnapshot(6);
  const icmp = { group: "core", module: "icmp", prober: "icmp", labels: {} } as const;
  const labels = { site: "fra", role: 'edge "a"' };
  const targets = ["new.example", "192.0.2.1", "2001:db8::1", "192.0.2.66"] as const;
  const handles = targets.map((target, index) =>
    report.addTarget({ ...icmp, target, labels: index === 1 ? labels : {} }, index + 1),
  );
  const [, well = 0, lossy = 0, dark = 0] = handles;
  report.setAddress(well, { text: "192.0.2.1", family: "ipv4" });
  tally(snapshot, 2, { answered: 1_234_567, lost: 0 });
  snapshot.lastRttSeconds[2] = 0.000043;
  snapshot.jitterSeconds[2] = 0.0000021;
  snapshot.replyHopLimit[2] = 64;
  report.setAddress(lossy, { text: "2001:db8::1", family: "ipv6" });
  tally(snapshot, 3, { answered: 75, lost: 25, bucket: 11 });
  snapshot.lostByReason[3 * LOSS_REASONS.length + LOSS_REASONS.indexOf("host_unreachable")] = 4;
  snapshot.lateReplies[3] = 3;
  snapshot.duplicateReplies[3] = 2;
  snapshot.reorderedReplies[3] = 1;
  snapshot.corruptReplies[3] = 5;
  snapshot.unsent[3] = 6;
  snapshot.suspect[3] = 7;
  snapshot.lastRttSeconds[3] = 0.0873;
  snapshot.fastEchoes[3] = 540;
  snapshot.fastLost[3] = 486;
  snapshot.fastProbing[3] = 1;
  report.setAddress(dark, { text: "192.0.2.66", family: "ipv4" });
  tally(snapshot, 4, { answered: 0, lost: 60 });
  const unresolved = report.addTarget({ ...icmp, target: "gone.example" }, 5);
  report.setUnresolved(unresolved, true);
  report.countResolveFailure(unresolved);
  const bucketBoundsSeconds = [0.01, 0.1, 0.5];
  const far = { ...icmp, group: "satellite", target: "192.0.2.99", bucketBoundsSeconds };
  report.setRefused(
    report.addTarget(far, 6),
    "source_ip_address 192.0.2.98 is not on this machine",
  );
  tally(snapshot, 6, { answered: 12, lost: 0, bucket: 2 });

  const http = { group: "web", module: "http_2xx", prober: "http", labels: {} } as const;
  report.addTarget({ ...http, target: "https://new.example/" }, undefined);
  const ok = report.addTarget({ ...http, target: "https://www.example.net/" }, undefined);
  report.record(ok, succeeded);
  report.record(ok, { ...succeeded, durationSeconds: 0.4, isDisturbed: true });
  report.record(ok, { ...succeeded, address: { text: "2001:db8::7", family: "ipv6" } });
  const bad = report.addTarget({ ...http, target: "https://expired.example.net/" }, undefined);
  const tls = { ...tlsFacts, verifiedNotAfterSeconds: undefined };
  const facts = { ...unanswered({ resolve: 0.0015, connect: 0.01, tls: 0.02 }), tls };
  report.record(bad, failed("connect_timeout", { facts: unanswered({ connect: 5 }) }));
  report.record(bad, failed("tls_expired", { facts, finishedAtSeconds: FINISHED_AT_SECONDS + 1 }));
  const again = { facts, finishedAtSeconds: FINISHED_AT_SECONDS + 2 };
  report.record(bad, failed("tls_expired", again), { isFast: true, isAtFastPace: true });
  addOtherProbers(report);
  return scrape(report, snapshot);
}

/** Of each prober but icmp and http one target that is well and one that fails. */
function addOtherProbers(report: ContinuousReport): void {
  for (const { prober, target, outcome, dark } of probed) {
    if (prober === "http") continue;
    const of = { group: "services", module: prober, prober, labels: {} } as const;
    report.record(report.addTarget({ ...of, target }, undefined), outcome);
    const unanswered = report.addTarget({ ...of, target: `dark.${prober}.example` }, undefined);
    report.record(unanswered, failed("connect_refused", { facts: dark, address: outcome.address }));
  }
}

test("the exposition of a small fleet is its golden file", async () => {
  assertGolden("test/report/golden/metrics.txt", (await fleet()).text);
});

test("the fleet shows every continuous metric of the catalogue, with its type and help", async () => {
  const { families } = await fleet();
  const isContinuous = ({ name }: Metric): boolean =>
    /^sounder_(?!agent_|build_|config_)/.test(name);
  const continuous = CATALOGUE.filter(isContinuous);
  assert.deepEqual([...families.keys()].sort(), continuous.map(({ name }) => name).sort());
  for (const { name, type, help } of continuous) {
    assert.equal(families.get(name)?.type, type, name);
    assert.equal(families.get(name)?.help, help, name);
  }
});

test("promtool finds nothing to say of the fleet", { skip: promtoolMissing }, async () => {
  assert.equal(promtoolComplaints((await fleet()).text), "");
});
