import { setImmediate } from "node:timers/promises";
import type { TallySnapshot } from "../icmp/engine-contract.ts";
import { labelText } from "../metrics/label-text.ts";
import { type TextSink, TextWriter } from "../metrics/text.ts";
import type { FailureReason, ProbeOutcome } from "../probe/prober.ts";
import type { Address } from "../runtime/address.ts";
import type { Clock } from "../runtime/clock.ts";
import { HTTP_METRICS, type Metric, TARGET_METRICS } from "./catalogue.ts";
import { HttpSeries } from "./http-series.ts";
import { copyTallies, ICMP_FAMILIES, NO_TALLIES, type Tallies } from "./icmp-series.ts";
import { NONE, type TargetDescription, TargetRows, targetLabelText } from "./target-rows.ts";
import { untilAborted } from "./until-aborted.ts";

/** Scrapes written at one time. Each holds a copy of the tallies, and slow readers hold it long. */
const MAX_WRITES = 16;

/** Too many readers at once; the next scrape may try again. */
export class TooManyScrapesError extends Error {
  override readonly name = "TooManyScrapesError";
}

/** What one scrape gave. */
export type WrittenFigures = {
  readonly samples: number;
  /** Series of each group that has targets. */
  readonly seriesByGroup: ReadonlyMap<string, number>;
};

/**
 * Everything continuous: targets, what their probes showed, and its exposition.
 *
 * Targets are named by the handle `addTarget` gives. A handle outlives its target: what comes in for a
 * removed one is dropped, so outcomes still under way need no care.
 */
export class ContinuousReport {
  readonly #rows = new TargetRows();
  readonly #http = new HttpSeries();
  readonly #clock: Clock;
  readonly #nextTurn: () => Promise<unknown>;
  #writes = 0;
  #lastTaking: Promise<void> = Promise.resolve();
  /** Rows removed while a scrape may still write them; their places are not given away until it ends. */
  #retired: number[] = [];

  constructor(options: {
    readonly clock: Clock;
    /** Resolves in a later turn of the event loop. */
    readonly nextTurn?: () => Promise<unknown>;
  }) {
    this.#clock = options.clock;
    this.#nextTurn = options.nextTurn ?? setImmediate;
  }

  /**
   * @param echoStream Number of the engine's stream; undefined for http, and for icmp where there is
   *   no engine: its counters then stay 0.
   * @returns the target's handle. @throws ColumnsFullError
   */
  addTarget(description: TargetDescription, echoStream: number | undefined): number {
    const httpRow =
      description.prober === "http" ? this.#http.add(tlsInfoLabels(description)) : NONE;
    return this.#rows.add(description, echoStream ?? NONE, httpRow);
  }

  /** Its series are gone from the next scrape on. */
  removeTarget(target: number): void {
    const row = this.#rows.rowOf(target);
    if (row === undefined) return;
    this.#rows.retire(row);
    this.#retired.push(row);
    this.#releaseRetired();
  }

  /** The address in use, or undefined for none. The first is no change. */
  setAddress(target: number, address: Address | undefined): void {
    const row = this.#rows.rowOf(target);
    if (row !== undefined) this.#rows.setAddress(row, address);
  }

  countResolveFailure(target: number): void {
    const row = this.#rows.rowOf(target);
    if (row !== undefined) this.#rows.countResolveFailure(row);
  }

  /** While true the target is down, whatever its last probe showed. */
  setUnresolved(target: number, isUnresolved: boolean): void {
    const row = this.#rows.rowOf(target);
    if (row !== undefined) this.#rows.setUnresolved(row, isUnresolved);
  }

  /** Takes in how a probe of an http target ended. What the agent itself broke off counts nowhere. */
  record(target: number, outcome: ProbeOutcome): void {
    const row = this.#rows.rowOf(target);
    if (row === undefined) return;
    const { facts } = outcome;
    const httpRow = this.#rows.columns.httpRow[row] ?? NONE;
    if (facts.protocol !== "http" || httpRow === NONE) {
      throw new Error("Cannot record the outcome: icmp results come from the engine's tallies");
    }
    if (outcome.kind === "failed" && isAgentsOwn(outcome.reason)) return;
    if (outcome.kind === "failed" && isNameWithoutAddress(outcome)) {
      this.#rows.countResolveFailure(row);
    }
    this.#rows.setAddress(row, outcome.address);
    this.#http.record(httpRow, outcome, facts);
  }

  /**
   * Writes all continuous families.
   *
   * Any number of scrapes up to a limit may run at once, each with its own copy of the tallies. The
   * targets are those of the moment of the call, less those removed before the snapshot came: a
   * stream number used again must not lend its counts to another target. Tallies are of one moment;
   * http counters are read as they are written, one histogram at a time.
   *
   * @param snapshot Asks the engine, or gives undefined when it has none: targets with a stream then
   *   have no icmp series, because a counter that fell to 0 would read as a reset.
   * @throws TooManyScrapesError, the signal's reason, what `snapshot` or the sink throws.
   */
  async write(
    sink: TextSink,
    { snapshot }: { readonly snapshot: () => Promise<TallySnapshot | undefined> },
    signal: AbortSignal,
  ): Promise<WrittenFigures> {
    if (this.#writes >= MAX_WRITES) {
      throw new TooManyScrapesError(`Cannot write metrics: ${MAX_WRITES} scrapes are under way`);
    }
    this.#writes += 1;
    try {
      const { rows, tallies } = await this.#taken(snapshot, signal);
      // The copy takes a millisecond or two; the writing begins with a step of its own.
      await this.#nextTurn();
      const monotonicSeconds = this.#clock.monotonicSeconds;
      const writer = new TextWriter({ sink, signal, monotonicSeconds, nextTurn: this.#nextTurn });
      return await this.#writeFamilies(writer, rows, tallies);
    } finally {
      this.#writes -= 1;
      this.#releaseRetired();
    }
  }

  /**
   * The targets of a scrape and a copy of their tallies. One scrape after the other: the engine uses
   * its arrays again for the next snapshot, so a copy is made before that one is asked for.
   */
  #taken(
    snapshot: () => Promise<TallySnapshot | undefined>,
    signal: AbortSignal,
  ): Promise<{ readonly rows: Uint32Array; readonly tallies: Tallies | undefined }> {
    const taking = this.#lastTaking.then(async () => {
      signal.throwIfAborted();
      const called = this.#rows.liveRows();
      const taken = await snapshot();
      const rows = called.filter((row) => this.#rows.isLive(row));
      const tallies = taken === undefined ? undefined : copyTallies(taken, this.#streams(rows));
      return { rows, tallies };
    });
    this.#lastTaking = taking.then(
      () => {},
      () => {},
    );
    return untilAborted(taking, signal);
  }

  async #writeFamilies(
    writer: TextWriter,
    rows: Uint32Array,
    tallies: Tallies | undefined,
  ): Promise<WrittenFigures> {
    const series = new Float64Array(this.#rows.groups.length);
    const family = async (
      metric: Metric,
      of: Uint32Array,
      writeRow: (row: number, labels: string) => void,
    ): Promise<void> => {
      writer.begin(metric);
      for (const row of of) {
        const before = writer.samples;
        writeRow(row, this.#rows.labels(row));
        const group = this.#rows.columns.group[row] ?? 0;
        series[group] = (series[group] ?? 0) + writer.samples - before;
        if (writer.isDue()) await writer.turn();
      }
    };
    const up = (row: number): number => this.#up(row, tallies);
    const lastFinished = (row: number): number => this.#lastFinishedSeconds(row, tallies);
    await family(TARGET_METRICS.up, rows, (row, labels) => writer.gauge(labels, up(row)));
    await family(TARGET_METRICS.lastFinished, rows, (row, labels) =>
      writer.gauge(labels, lastFinished(row)),
    );
    await family(TARGET_METRICS.info, rows, (row, labels) => this.#writeInfo(writer, row, labels));
    await family(TARGET_METRICS.addressChanges, rows, (row, labels) =>
      writer.sample(labels, this.#rows.columns.addressChanges[row] ?? 0),
    );
    await family(TARGET_METRICS.resolveFailures, rows, (row, labels) =>
      writer.sample(labels, this.#rows.columns.resolveFailures[row] ?? 0),
    );

    const { httpRow, stream } = this.#rows.columns;
    const icmpRows = rows.filter((row) => {
      const isKnown = tallies !== undefined || stream[row] === NONE;
      return httpRow[row] === NONE && isKnown;
    });
    const icmpTallies = tallies ?? NO_TALLIES;
    for (const { metric, write } of ICMP_FAMILIES) {
      await family(metric, icmpRows, (row, labels) => {
        const { columns } = this.#rows;
        write(
          writer,
          labels,
          icmpTallies,
          columns.stream[row] ?? NONE,
          columns.isUnresolved[row] === 1,
        );
      });
    }
    const httpRows = rows.filter((row) => httpRow[row] !== NONE);
    for (const { metric, write } of this.#http.families) {
      await family(metric, httpRows, (row, labels) =>
        write(writer, labels, this.#rows.columns.httpRow[row] ?? NONE),
      );
    }
    await writer.end();
    const named = [...series].map(
      (count, group) => [this.#rows.groups[group] ?? "", count] as const,
    );
    return {
      samples: writer.samples,
      seriesByGroup: new Map(named.filter(([, count]) => count > 0)),
    };
  }

  #writeInfo(writer: TextWriter, row: number, labels: string): void {
    const address = this.#rows.address(row);
    if (address === undefined) return;
    const hasAddressLabel = this.#rows.columns.hasAddressLabel[row] === 1;
    const family = labelText([["family", address.family]]);
    const text = hasAddressLabel ? "" : `,${labelText([["address", address.text]])}`;
    writer.sample(`${labels}${text},${family}`, 1);
  }

  #up(row: number, tallies: Tallies | undefined): number {
    const { httpRow, isUnresolved, stream } = this.#rows.columns;
    if (isUnresolved[row] === 1) return 0;
    const ofHttp = httpRow[row] ?? NONE;
    if (ofHttp !== NONE) return this.#http.up(ofHttp);
    return tallies?.up[stream[row] ?? NONE] ?? Number.NaN;
  }

  #lastFinishedSeconds(row: number, tallies: Tallies | undefined): number {
    const { httpRow, stream } = this.#rows.columns;
    const ofHttp = httpRow[row] ?? NONE;
    if (ofHttp !== NONE) return this.#http.lastFinishedSeconds(ofHttp);
    return tallies?.lastFinishedSeconds[stream[row] ?? NONE] ?? Number.NaN;
  }

  #streams(rows: Uint32Array): number {
    const { stream } = this.#rows.columns;
    return rows.reduce((most, row) => Math.max(most, (stream[row] ?? NONE) + 1), 0);
  }

  #releaseRetired(): void {
    if (this.#writes > 0) return;
    for (const row of this.#retired) {
      const httpRow = this.#rows.columns.httpRow[row] ?? NONE;
      if (httpRow !== NONE) this.#http.remove(httpRow);
      this.#rows.release(row);
    }
    this.#retired = [];
  }
}

/**
 * `version` and `cipher` are labels a target may have, and what `sounder_tls_info` is about; there the
 * target's own give way, because a label that is there twice makes Prometheus refuse the whole scrape.
 */
function tlsInfoLabels(description: TargetDescription): string | undefined {
  const names = HTTP_METRICS.tlsInfo.labels;
  const hasNone = names.every((name) => !Object.hasOwn(description.labels, name));
  return hasNone ? undefined : targetLabelText(description, names);
}

/** The probe was not made, or not to its end, for a reason that is not the target's. */
function isAgentsOwn(reason: FailureReason): boolean {
  return reason === "agent_overloaded" || reason === "cancelled";
}

/** A name in a redirect is not the target's name: by then there is an address. */
function isNameWithoutAddress(outcome: ProbeOutcome & { readonly kind: "failed" }): boolean {
  return outcome.reason.startsWith("dns_") && outcome.address === undefined;
}
