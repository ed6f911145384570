import type { Tallies } from "./icmp-series.ts";
import type { ProberSeries } from "./series/prober-series.ts";
import { NONE, type TargetRows } from "./target-rows.ts";

/**
 * `unresolved`: its name has no address now. `unknown`: no probe has finished yet, or the agent has a
 * fault that could be the cause of what it sees.
 */
export type TargetState = "up" | "failing" | "unresolved" | "unknown";

/** Where it lies what a target is doing. */
export type StateSources = {
  readonly rows: TargetRows;
  readonly probes: ProberSeries;
  /** Undefined while the engine cannot be asked: icmp targets are then unknown. */
  readonly tallies: Pick<Tallies, "up" | "lastFinishedSeconds" | "fastProbing"> | undefined;
};

/** 1 up, 0 down, NaN while unknown. A target to which nothing can be sent is down. */
export function upOf(row: number, { rows, probes, tallies }: StateSources): number {
  if (rows.isSilenced(row)) return 0;
  const { series, seriesRow, stream } = rows.columns;
  const of = probes.at(series[row] ?? NONE);
  if (of !== undefined) return of.up(seriesRow[row] ?? NONE);
  return tallies?.up[stream[row] ?? NONE] ?? Number.NaN;
}

/** Unix time at which the last probe or batch of echoes ended; NaN before the first. */
export function lastFinishedSecondsOf(
  row: number,
  { rows, probes, tallies }: StateSources,
): number {
  const { series, seriesRow, stream } = rows.columns;
  const of = probes.at(series[row] ?? NONE);
  if (of !== undefined) return of.lastFinishedSeconds(seriesRow[row] ?? NONE);
  return tallies?.lastFinishedSeconds[stream[row] ?? NONE] ?? Number.NaN;
}

/** 1 while the target is probed at its fast interval, else 0; NaN while the engine cannot be asked about it. */
export function fastProbingOf(row: number, { rows, tallies }: StateSources): number {
  const { series, stream, isAtFastPace } = rows.columns;
  if (series[row] !== NONE) return isAtFastPace[row] ?? 0;
  const number = stream[row] ?? NONE;
  if (number === NONE || rows.isSilenced(row)) return 0;
  return tallies === undefined ? Number.NaN : (tallies.fastProbing[number] ?? 0);
}

export function stateOf(row: number, sources: StateSources): TargetState {
  if (sources.rows.columns.isUnresolved[row] === 1) return "unresolved";
  const up = upOf(row, sources);
  if (Number.isNaN(up)) return "unknown";
  return up === 1 ? "up" : "failing";
}

/** Whether a state belongs to the error list. */
export function isFailing(state: TargetState): boolean {
  switch (state) {
    case "failing":
    case "unresolved":
      return true;
    case "up":
    case "unknown":
      return false;
  }
}
