import type { ProbeOutcome } from "../probe/prober.ts";
import type { ProbePool } from "../probe/worker/pool.ts";
import type { ContinuousReport, ProbePace } from "../report/continuous.ts";
import type { FastPaceSettings } from "../schedule/pace.ts";
import type { Group } from "../target/group.ts";
import type { ContinuousStream } from "./streams.ts";

type Place = { readonly number: number; readonly row: number };

/** The streams of every prober but icmp: each has a number for the probe worker and a place in the report. */
export class ProbeTargets {
  readonly #report: ContinuousReport;
  readonly #rows = new Map<number, number>();
  readonly #places = new Map<string, Place>();
  #highest = 0;

  constructor(report: ContinuousReport) {
    this.#report = report;
  }

  add(stream: ContinuousStream, pool: ProbePool): void {
    const { prober } = stream.module;
    if (prober === "icmp") throw new Error("Cannot probe with icmp here: the engine does that");
    const row = this.#report.addTarget(
      {
        group: stream.group.name,
        module: stream.moduleName,
        target: stream.target.target,
        labels: stream.target.labels,
        prober,
      },
      undefined,
    );
    this.#highest += 1;
    const place = { number: this.#highest, row };
    this.#rows.set(place.number, row);
    this.#places.set(stream.key, place);
    order(stream, place.number, pool);
  }

  /** Its interval, timeout or module is another one; its counters go on. */
  change(stream: ContinuousStream, pool: ProbePool): void {
    const place = this.#places.get(stream.key);
    if (place !== undefined) order(stream, place.number, pool);
  }

  remove(stream: ContinuousStream, pool: ProbePool): void {
    const place = this.#places.get(stream.key);
    if (place === undefined) return;
    this.#places.delete(stream.key);
    this.#rows.delete(place.number);
    pool.remove(place.number);
    this.#report.removeTarget(place.row);
  }

  /** Takes in how a probe ended; one of a stream that is gone is dropped. */
  record(number: number, outcome: ProbeOutcome, pace?: ProbePace): void {
    const row = this.#rows.get(number);
    if (row !== undefined) this.#report.record(row, outcome, pace);
  }
}

function order(stream: ContinuousStream, number: number, pool: ProbePool): void {
  pool.add({
    number,
    module: stream.moduleName,
    target: stream.target.target,
    intervalSeconds: stream.group.intervalSeconds,
    timeoutSeconds: stream.timeoutSeconds,
    phase: stream.phase,
    fast: fastPaceOf(stream.group),
  });
}

function fastPaceOf({ fastProbe, lossWindowSeconds }: Group): FastPaceSettings | undefined {
  return fastProbe === undefined ? undefined : { ...fastProbe, windowSeconds: lossWindowSeconds };
}
