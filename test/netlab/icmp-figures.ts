import assert from "node:assert/strict";
import { type ParsedFamily, parseExposition, samplesOf } from "../support/exposition.ts";
import type { HostRecord, RecordedEcho } from "./record.ts";

/** What the agent says of one icmp target on `/metrics`. */
export type IcmpFigures = {
  readonly up: number | undefined;
  readonly echoes: number;
  readonly lost: number;
  readonly suspect: number;
  readonly unsent: number;
  readonly lateReplies: number;
  readonly duplicateReplies: number;
  readonly reorderedReplies: number;
  readonly corruptReplies: number;
  readonly lossRatio: number | undefined;
  readonly lastRttSeconds: number | undefined;
  readonly replyHopLimit: number | undefined;
  readonly lostByReason: Readonly<Record<string, number>>;
  readonly rtt: {
    readonly count: number;
    readonly sumSeconds: number;
    /** Cumulative, as on the page. */
    readonly buckets: readonly { readonly upToSeconds: number; readonly count: number }[];
  };
};

export type Scrape = {
  readonly families: ReadonlyMap<string, ParsedFamily>;
  /** @throws when the page has no echoes counter with these labels: it must exist from the start. */
  readonly icmp: (labels: Readonly<Record<string, string>>) => IcmpFigures;
};

/** Reads a page of `/metrics` with the strict parser. */
export function readScrape(text: string): Scrape {
  const families = parseExposition(text);
  return { families, icmp: (labels) => figuresOf(families, labels) };
}

function figuresOf(
  families: ReadonlyMap<string, ParsedFamily>,
  labels: Readonly<Record<string, string>>,
): IcmpFigures {
  const wanted = Object.entries(labels);
  const fitting = (name: string) =>
    samplesOf(families, name).filter((sample) =>
      wanted.every(([label, value]) => sample.labels[label] === value),
    );
  const gauge = (name: string): number | undefined => {
    const samples = fitting(name);
    assert.ok(samples.length <= 1, `${samples.length} samples of ${name} fit`);
    return samples[0]?.value;
  };
  const counter = (name: string): number => {
    const value = gauge(name);
    assert.ok(value !== undefined, `no ${name} of ${JSON.stringify(labels)}`);
    return value;
  };
  const reasons = fitting("sounder_icmp_lost_by_reason_total");
  return {
    up: gauge("sounder_target_up"),
    echoes: counter("sounder_icmp_echoes_total"),
    lost: counter("sounder_icmp_lost_total"),
    suspect: counter("sounder_icmp_suspect_echoes_total"),
    unsent: counter("sounder_icmp_unsent_total"),
    lateReplies: counter("sounder_icmp_late_replies_total"),
    duplicateReplies: counter("sounder_icmp_duplicate_replies_total"),
    reorderedReplies: counter("sounder_icmp_reordered_replies_total"),
    corruptReplies: counter("sounder_icmp_corrupt_replies_total"),
    lossRatio: gauge("sounder_icmp_loss_ratio"),
    lastRttSeconds: gauge("sounder_icmp_last_rtt_seconds"),
    replyHopLimit: gauge("sounder_icmp_reply_hop_limit"),
    lostByReason: Object.fromEntries(
      reasons.map(({ labels: own, value }) => [own["reason"] ?? "", value]),
    ),
    rtt: {
      count: counter("sounder_icmp_rtt_seconds_count"),
      sumSeconds: counter("sounder_icmp_rtt_seconds_sum"),
      buckets: fitting("sounder_icmp_rtt_seconds_bucket").map(({ labels: own, value }) => ({
        upToSeconds: Number((own["le"] ?? "").replace("+Inf", "Infinity")),
        count: value,
      })),
    },
  };
}

/** A sum of n doubles may be wrong by this much per term. */
const ROUNDING_SECONDS = 1e-9;

/**
 * Holds the agent's counters against the lab's record of one host that one target probes.
 *
 * The timeout must be shorter than the time between two echoes: then echoes end in the order in
 * which they were sent, and the agent's first n finished echoes are the first n of the record. So
 * the comparison is exact at any moment, with echoes in flight or not.
 *
 * @param record Taken after the scrape, or it may lack what the scrape counts.
 * @returns the echoes of the record that the agent had finished.
 */
export function assertCountsEqual(
  figures: IcmpFigures,
  record: HostRecord,
  timeoutSeconds: number,
): readonly RecordedEcho[] {
  assert.equal(figures.unsent, 0, `${record.address}: unsent`);
  return assertSentCountsEqual(figures, record, timeoutSeconds);
}

/** Likewise where some echoes were refused by the kernel: the record has only those that left. */
export function assertSentCountsEqual(
  figures: IcmpFigures,
  record: HostRecord,
  timeoutSeconds: number,
): readonly RecordedEcho[] {
  const about = record.address;
  assert.equal(record.isTruncated, false, about);
  // A suspect echo was sent, and ended without an answer: the record cannot tell it from a loss.
  const finished = record.echoes.slice(0, figures.echoes + figures.suspect);
  assert.equal(finished.length, figures.echoes + figures.suspect, `${about}: finished`);
  const answered = finished.filter((echo) => isAnsweredInTime(echo, timeoutSeconds));
  assert.equal(
    figures.lost + figures.suspect,
    finished.length - answered.length,
    `${about}: lost of ${finished.length}`,
  );
  assert.equal(figures.rtt.count, answered.length, `${about}: round-trip times`);
  const held = answered.map(({ heldSeconds }) => heldSeconds ?? Number.NaN);
  const heldSumSeconds = held.reduce((sum, seconds) => sum + seconds, 0);
  assert.ok(
    figures.rtt.sumSeconds >= heldSumSeconds - held.length * ROUNDING_SECONDS,
    `${about}: round-trip times of ${figures.rtt.sumSeconds} s in all, held for ${heldSumSeconds} s`,
  );
  // Each is at least what was held, so no bucket can hold more of them than of the held times.
  for (const { upToSeconds, count } of figures.rtt.buckets) {
    const atMost = held.filter((seconds) => seconds <= upToSeconds).length;
    assert.ok(count <= atMost, `${about}: ${count} up to ${upToSeconds} s, held so: ${atMost}`);
  }
  return finished;
}

/** A reply waits for the lab's and the agent's turn on the machine; a stamp of another echo is further off. */
const NEAR_SECONDS = 0.1;

/**
 * Holds the round-trip times of the answers between two pages against the record: never below what
 * the lab held each reply for, and on average not far above.
 *
 * @param echoes Those of the record that finished between the pages.
 */
export function assertRttsRight(
  before: IcmpFigures,
  after: IcmpFigures,
  echoes: readonly RecordedEcho[],
  about: string,
): void {
  const held = echoes.flatMap(({ heldSeconds }) => heldSeconds ?? []);
  const count = after.rtt.count - before.rtt.count;
  assert.ok(count > 0, `${about}: no answers`);
  assert.equal(count, held.length, `${about}: answers`);
  const sumSeconds = after.rtt.sumSeconds - before.rtt.sumSeconds;
  const heldSeconds = held.reduce((sum, seconds) => sum + seconds, 0);
  const excessSeconds = (sumSeconds - heldSeconds) / count;
  assert.ok(
    excessSeconds >= -ROUNDING_SECONDS && excessSeconds <= NEAR_SECONDS,
    `${about}: ${excessSeconds} s an echo above what the lab held`,
  );
  for (const [at, { upToSeconds, count: upTo }] of after.rtt.buckets.entries()) {
    const more = upTo - (before.rtt.buckets[at]?.count ?? 0);
    const atMost = held.filter((seconds) => seconds <= upToSeconds).length;
    assert.ok(more <= atMost, `${about}: ${more} up to ${upToSeconds} s, held so: ${atMost}`);
  }
}

export function isAnsweredInTime(echo: RecordedEcho, timeoutSeconds: number): boolean {
  return echo.heldSeconds !== undefined && echo.heldSeconds <= timeoutSeconds;
}
