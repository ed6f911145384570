import { LOSS_REASONS, type LossReason } from "../icmp/echo.ts";
import type { EchoFailure } from "../icmp/engine-contract.ts";
import { known } from "../metrics/columns.ts";
import type { ProberWithPhases } from "../probe/prober.ts";
import type { AddressFamily } from "../runtime/address.ts";
import type { Labels } from "../target/labels.ts";
import { problemOfEcho } from "./echo-problem.ts";
import { NO_TALLIES, type TalliesOf } from "./icmp-series.ts";
import { type ProbeResult, probeResultOf } from "./probe-result.ts";
import type { ProberSeries } from "./series/prober-series.ts";
import type { TargetReason } from "./target-reason.ts";
import { NONE, type TargetProblem, type TargetRows } from "./target-rows.ts";
import { fastProbingOf, lastFinishedSecondsOf, type TargetState } from "./target-state.ts";

/** What the engine has counted for an icmp target, and its latest answers. */
export type IcmpResult = {
  readonly echoes: number;
  readonly lost: number;
  /** The extra echoes of the fast pace, which are in neither of the above, and whether there are any now. */
  readonly fast: { readonly echoes: number; readonly lost: number; readonly probing: boolean };
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
  readonly reason: TargetReason | undefined;
  /** The same as one sentence for a person, without secrets. */
  readonly detail: string | undefined;
  /** Address that sent the ICMP error which is the reason. */
  readonly reportedBy: string | undefined;
  /** The address in use. */
  readonly address: string | undefined;
  readonly family: AddressFamily | undefined;
  /** Unix time. */
  readonly lastFinishedSeconds: number | undefined;
} & TargetResult;

/** Under the name of its prober. */
type TargetResult =
  | ({ readonly icmp: IcmpResult | undefined } & { readonly [P in ProberWithPhases]?: never })
  | (ProbeResult & { readonly icmp?: never });

/** The columns of the tallies that a list needs. */
export const LIST_COLUMNS = [
  "echoes",
  "lost",
  "fastEchoes",
  "fastLost",
  "fastProbing",
  "lostByReason",
  "lossRatio",
  "lastRttSeconds",
  "jitterSeconds",
  "replyHopLimit",
  "up",
  "lastFinishedSeconds",
] as const;

export type ListTallies = TalliesOf<(typeof LIST_COLUMNS)[number]>;

/** Where the results of the targets lie. */
export type Results = {
  readonly rows: TargetRows;
  readonly probes: ProberSeries;
  /** Undefined while the engine cannot be asked: icmp targets are then unknown. */
  readonly tallies: ListTallies | undefined;
  /** By stream number, as `Engine.failures` gives them. */
  readonly failures: ReadonlyMap<number, EchoFailure>;
};

/** @returns undefined for a row without a target. */
export function entryOf(
  row: number,
  state: TargetState,
  results: Results,
): TargetEntry | undefined {
  const { rows, probes } = results;
  const description = rows.description(row);
  if (description === undefined) return undefined;
  const { target, module, group, labels } = description;
  const address = rows.address(row);
  const problem = problemOf(row, state, results);
  const common = {
    target,
    module,
    group,
    labels,
    state,
    reason: problem?.reason,
    detail: problem?.detail,
    reportedBy: problem?.reportedBy,
    address: address?.text,
    family: address?.family,
    lastFinishedSeconds: known(lastFinishedSecondsOf(row, results)),
  };
  const series = probes.at(rows.columns.series[row] ?? NONE);
  if (series !== undefined) {
    return { ...common, ...probeResultOf(series, rows.columns.seriesRow[row] ?? NONE) };
  }
  return { ...common, icmp: icmpResultOf(row, results) };
}

type ShownProblem = TargetProblem & { readonly reportedBy?: string | undefined };

function problemOf(
  row: number,
  state: TargetState,
  { rows, failures }: Results,
): ShownProblem | undefined {
  switch (state) {
    case "up":
    case "unknown":
      return undefined;
    case "unresolved":
      return rows.problem(row);
    case "failing": {
      const refusal = rows.refusal(row);
      if (refusal !== undefined) return { reason: "unsent", detail: refusal };
      const failure = failures.get(rows.columns.stream[row] ?? NONE);
      if (failure === undefined) return rows.problem(row);
      const reportedBy = failure.kind === "lost" ? failure.explanation.reportedBy : undefined;
      return { ...problemOfEcho(failure), reportedBy };
    }
  }
}

function icmpResultOf(row: number, results: Results): IcmpResult | undefined {
  const { rows, tallies } = results;
  const stream = rows.columns.stream[row] ?? NONE;
  if (tallies === undefined && stream !== NONE) return undefined;
  const of: ListTallies = tallies ?? NO_TALLIES;
  const isSilenced = rows.isSilenced(row);
  const ofAnswer = (column: Float64Array): number | undefined =>
    isSilenced ? undefined : known(column[stream]);
  return {
    echoes: of.echoes[stream] ?? 0,
    lost: of.lost[stream] ?? 0,
    fast: {
      echoes: of.fastEchoes[stream] ?? 0,
      lost: of.fastLost[stream] ?? 0,
      probing: fastProbingOf(row, results) === 1,
    },
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
