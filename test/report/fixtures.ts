import { LOSS_REASONS } from "../../src/icmp/echo.ts";
import type { TallySnapshot } from "../../src/icmp/engine-contract.ts";
import { RTT_BUCKET_COUNT } from "../../src/metrics/histogram.ts";
import type { TextSink } from "../../src/metrics/text.ts";
import type { HttpFacts, IcmpFacts, ProbeOutcome, TlsFacts } from "../../src/probe/prober.ts";
import type { ContinuousReport } from "../../src/report/continuous.ts";
import type { WrittenFigures } from "../../src/report/write-families.ts";
import { type ParsedFamily, parseExposition } from "../support/exposition.ts";

/** Unix time at which everything in these tests ends. */
export const FINISHED_AT_SECONDS = 1_700_000_000.25;

export const never: AbortSignal = new AbortController().signal;

/** A snapshot of streams 1 to `streams` that have sent nothing yet. */
export function emptySnapshot(
  streams: number,
  rttBucketCount: number = RTT_BUCKET_COUNT,
): TallySnapshot {
  const rows = streams + 1;
  const zeros = (width = 1): Float64Array => new Float64Array(rows * width);
  const unknown = (): Float64Array => new Float64Array(rows).fill(Number.NaN);
  return {
    takenAtSeconds: FINISHED_AT_SECONDS,
    echoes: zeros(),
    lost: zeros(),
    unsent: zeros(),
    suspect: zeros(),
    lateReplies: zeros(),
    duplicateReplies: zeros(),
    reorderedReplies: zeros(),
    corruptReplies: zeros(),
    fastEchoes: zeros(),
    fastLost: zeros(),
    fastProbing: zeros(),
    lostByReason: zeros(LOSS_REASONS.length),
    rttSumSeconds: zeros(),
    rttBucketCount,
    rttBuckets: zeros(rttBucketCount),
    lastRttSeconds: unknown(),
    jitterSeconds: unknown(),
    replyHopLimit: unknown(),
    lossRatio: unknown(),
    up: unknown(),
    lastFinishedSeconds: unknown(),
  };
}

/** Enters `answered` answers in one bucket and `lost` losses for a stream, as the engine would. */
export function tally(
  snapshot: TallySnapshot,
  stream: number,
  { answered, lost, bucket = 4 }: { answered: number; lost: number; bucket?: number },
): void {
  snapshot.echoes[stream] = answered + lost;
  snapshot.lost[stream] = lost;
  snapshot.rttBuckets[stream * snapshot.rttBucketCount + bucket] = answered;
  snapshot.rttSumSeconds[stream] = answered * 0.0007;
  snapshot.lossRatio[stream] = lost / (answered + lost);
  snapshot.up[stream] = answered > 0 ? 1 : 0;
  snapshot.lastFinishedSeconds[stream] = FINISHED_AT_SECONDS;
}

export const tlsFacts: TlsFacts = {
  version: "TLS 1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  earliestNotAfterSeconds: 1_800_000_000,
  verifiedNotAfterSeconds: 1_800_000_000,
  leaf: {
    fingerprintSha256: "5f".repeat(32),
    subject: 'CN=www.example.net,O="Example, Inc."',
    issuer: "CN=Example CA",
    subjectAlternative: "www.example.net,example.net",
    serialNumber: "0a1b",
  },
};

export const httpFacts: HttpFacts = {
  protocol: "http",
  phases: { resolve: 0.0015, connect: 0.01, tls: 0.02, processing: 0.03, transfer: 0.0005 },
  statusCode: 200,
  httpVersion: 1.1,
  contentLengthBytes: 1256,
  uncompressedBodyBytes: 1256,
  redirects: 1,
  isTls: true,
  tls: tlsFacts,
  lastModifiedSeconds: 1_690_000_000,
  isFailedByRegexp: false,
  isFailedByCel: undefined,
};

/** Facts of a probe that got no answer; what it reached is said by `phases`. */
export function unanswered(phases: Partial<HttpFacts["phases"]>): HttpFacts {
  return {
    protocol: "http",
    phases: { resolve: 0, connect: 0, tls: 0, processing: 0, transfer: 0, ...phases },
    statusCode: 0,
    httpVersion: undefined,
    contentLengthBytes: undefined,
    uncompressedBodyBytes: 0,
    redirects: 0,
    isTls: false,
    tls: undefined,
    lastModifiedSeconds: undefined,
    isFailedByRegexp: false,
    isFailedByCel: undefined,
  };
}

export const icmpFacts: IcmpFacts = {
  protocol: "icmp",
  phases: { resolve: 0.002, setup: 0.0001, rtt: 0.0123 },
  replyHopLimit: 57,
};

export const succeeded: ProbeOutcome & { kind: "succeeded" } = {
  kind: "succeeded",
  durationSeconds: 0.062,
  finishedAtSeconds: FINISHED_AT_SECONDS,
  address: { text: "192.0.2.7", family: "ipv4" },
  lookupSeconds: 0.0015,
  facts: httpFacts,
  isDisturbed: false,
  log: [],
};

export function failed(
  reason: (ProbeOutcome & { kind: "failed" })["reason"],
  change: Partial<Omit<ProbeOutcome, "kind">> = {},
): ProbeOutcome & { kind: "failed" } {
  return { ...succeeded, facts: unanswered({}), ...change, kind: "failed", reason, detail: reason };
}

/** A sink that keeps what it gets. */
export function textSink(): TextSink & { readonly text: () => string } {
  const chunks: string[] = [];
  return {
    write: (chunk) => {
      chunks.push(chunk);
    },
    text: () => chunks.join(""),
  };
}

export type Scraped = {
  readonly text: string;
  readonly figures: WrittenFigures;
  readonly families: ReadonlyMap<string, ParsedFamily>;
};

/** One whole scrape, parsed strictly. */
export async function scrape(
  report: ContinuousReport,
  snapshot?: TallySnapshot | (() => Promise<TallySnapshot | undefined>),
): Promise<Scraped> {
  const sink = textSink();
  const take = typeof snapshot === "function" ? snapshot : () => Promise.resolve(snapshot);
  const figures = await report.write(sink, { snapshot: take }, never);
  const text = sink.text();
  return { text, figures, families: parseExposition(text) };
}
