import type { ProbeOutcome } from "../probe/prober.ts";
import type { ProbePool } from "../probe/worker/pool.ts";
import type { ContinuousReport, ProbePace } from "../report/continuous.ts";
import type { FastPaceSettings } from "../schedule/pace.ts";
import type { Group } from "../target/group.ts";
import type { ContinuousStream } from "./streams.ts";

/** The HTTP streams of the configuration: each has a number for the probe worker and a place in the report. */
export class HttpTargets {
  readonly #report: ContinuousReport;
  readonly #rows = new Map<number, number>();
  #highest = 0;

  constructor(report: ContinuousReport) {
    this.#report = report;
  }

  add(stream: ContinuousStream, pool: ProbePool): void {
    const row = this.#report.addTarget(
      {
        group: stream.group.name,
        module: stream.moduleName,
        target: stream.target.target,
        labels: stream.target.labels,
        prober: "http",
      },
      undefined,
    );
    this.#highest += 1;
    const number = this.#highest;
    this.#rows.set(number, row);
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

  /** Takes in how a probe ended; one of a stream that is gone is dropped. */
  record(number: number, outcome: ProbeOutcome, pace?: ProbePace): void {
    const row = this.#rows.get(number);
    if (row !== undefined) this.#report.record(row, outcome, pace);
  }
}

function fastPaceOf({ fastProbe, lossWindowSeconds }: Group): FastPaceSettings | undefined {
  return fastProbe === undefined ? undefined : { ...fastProbe, windowSeconds: lossWindowSeconds };
}
