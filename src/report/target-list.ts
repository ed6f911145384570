import { LOSS_REASONS, type LossReason } from "../icmp/echo.ts";
import { known } from "../metrics/columns.ts";
import type { FailureReason } from "../probe/prober.ts";
import type { AddressFamily } from "../runtime/address.ts";
import type { Labels } from "../target/labels.ts";
import type { HttpResult, HttpSeries } from "./http-series.ts";
import { NO_TALLIES, type Tallies } from "./icmp-series.ts";
import { NONE, type TargetRows } from "./target-rows.ts";

/**
 * `unresolved`: its name has no address now. `unknown`: no probe has finished yet, or the agent has a
 * fault that could be the cause of what it sees.
 */
export type TargetState = "up" | "failing" | "unresolved" | "unknown";

/** What the engine has counted for an icmp target, and its latest answers. */
export type IcmpResult = {
  readonly echoes: number;
  readonly lost: number;
  /** Of the loss window. */
  readonly lossRatio: number | undefined;
  readonly lastRttSeconds: number | undefined;
  readonly jitterSeconds: number | undefined;
  readonly replyHopLimit: number | undefined;
  /** Only reasons that an ICMP error gave; the rest of `lost` is silence. */
  readonly lostByReason: Readonly<Partial<Record<LossReason, number>>>;
};

/** One target with its last results. What is not known is undefined. */
export type TargetEntry = {
  /** As configured. */
  readonly target: string;
  readonly module: string;
  readonly group: string;
  readonly labels: Labels;
  readonly state: TargetState;
  /** Why it is failing or unresolved, where that is known; undefined for an icmp target that is silent. */
  readonly reason: FailureReason | undefined;
  /** The same as one sentence for a person, without secrets. */
  readonly detail: string | undefined;
  /** The address in use. */
  readonly address: string | undefined;
  readonly family: AddressFamily | undefined;
  /** Unix time. */
  readonly lastFinishedSeconds: number | undefined;
} & (
  | { readonly icmp: IcmpResult | undefined; readonly http?: never }
  | { readonly http: HttpResult; readonly icmp?: never }
);

/** The columns of the tallies that a list needs. */
export const LIST_COLUMNS = [
  "echoes",
  "lost",
  "lostByReason",
  "lossRatio",
  "lastRttSeconds",
  "jitterSeconds",
  "replyHopLimit",
  "up",
  "lastFinishedSeconds",
] as const;

export type ListTallies = Pick<Tallies, (typeof LIST_COLUMNS)[number]>;

/** Where the results of the targets lie. */
export type Results = {
  readonly rows: TargetRows;
  readonly http: HttpSeries;
  /** Undefined while the engine cannot be asked: icmp targets are then unknown. */
  readonly tallies: ListTallies | undefined;
};

/** 1 up, 0 down, NaN while unknown. A target whose name has no address is down. */
export function upOf(row: number, { rows, http, tallies }: UpResults): number {
  const { httpRow, isUnresolved, stream } = rows.columns;
  if (isUnresolved[row] === 1) return 0;
  const ofHttp = httpRow[row] ?? NONE;
  if (ofHttp !== NONE) return http.up(ofHttp);
  return tallies?.up[stream[row] ?? NONE] ?? Number.NaN;
}

/** Unix time at which the last probe or batch of echoes ended; NaN before the first. */
export function lastFinishedSecondsOf(row: number, { rows, http, tallies }: UpResults): number {
  const { httpRow, stream } = rows.columns;
  const ofHttp = httpRow[row] ?? NONE;
  if (ofHttp !== NONE) return http.lastFinishedSeconds(ofHttp);
  return tallies?.lastFinishedSeconds[stream[row] ?? NONE] ?? Number.NaN;
}

type UpResults = Omit<Results, "tallies"> & {
  readonly tallies: Pick<Tallies, "up" | "lastFinishedSeconds"> | undefined;
};

export function stateOf(row: number, results: UpResults): TargetState {
  if (results.rows.columns.isUnresolved[row] === 1) return "unresolved";
  const up = upOf(row, results);
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

/** @returns undefined for a row without a target. */
export function entryOf(
  row: number,
  state: TargetState,
  results: Results,
): TargetEntry | undefined {
  const { rows, http } = results;
  const description = rows.description(row);
  if (description === undefined) return undefined;
  const { target, module, group, labels } = description;
  const address = rows.address(row);
  const problem = isFailing(state) ? rows.problem(row) : undefined;
  const common = {
    target,
    module,
    group,
    labels,
    state,
    reason: problem?.reason,
    detail: problem?.detail,
    address: address?.text,
    family: address?.family,
    lastFinishedSeconds: known(lastFinishedSecondsOf(row, results)),
  };
  const httpRow = rows.columns.httpRow[row] ?? NONE;
  if (httpRow !== NONE) return { ...common, http: http.lastResult(httpRow) };
  return { ...common, icmp: icmpResultOf(row, state, results) };
}

function icmpResultOf(
  row: number,
  state: TargetState,
  { rows, tallies }: Results,
): IcmpResult | undefined {
  const stream = rows.columns.stream[row] ?? NONE;
  if (tallies === undefined && stream !== NONE) return undefined;
  const of: ListTallies = tallies ?? NO_TALLIES;
  // What the last answer showed is no longer so when the name has no address.
  const ofAnswer = (column: Float64Array): number | undefined =>
    state === "unresolved" ? undefined : known(column[stream]);
  return {
    echoes: of.echoes[stream] ?? 0,
    lost: of.lost[stream] ?? 0,
    lossRatio: known(of.lossRatio[stream]),
    lastRttSeconds: ofAnswer(of.lastRttSeconds),
    jitterSeconds: ofAnswer(of.jitterSeconds),
    replyHopLimit: ofAnswer(of.replyHopLimit),
    lostByReason: lostByReasonOf(of.lostByReason, stream),
  };
}

function lostByReasonOf(
  column: Float64Array,
  stream: number,
): Readonly<Partial<Record<LossReason, number>>> {
  const counts: Partial<Record<LossReason, number>> = {};
  let at = stream * LOSS_REASONS.length;
  for (const reason of LOSS_REASONS) {
    const count = column[at] ?? 0;
    if (count > 0) counts[reason] = count;
    at += 1;
  }
  return counts;
}
