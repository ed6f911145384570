import type { Goal } from "../goal.ts";
import { figure } from "../table.ts";
import { errorSeconds, falseLosses, type Outcome } from "./outcome.ts";
import type { RttBounds } from "./wire.ts";

const MAX_MEAN_ERROR_MICROSECONDS = 2;
const MAX_P99_ERROR_MICROSECONDS = 5;

/** The promise: against the near capture, with the work that it does itself. */
export function nearGoals(outcome: Outcome): readonly Goal[] {
  const near = ({ atMost }: RttBounds): RttBounds => ({ atLeast: atMost, atMost });
  return [
    ...errorGoals(outcome, near),
    {
      name: `${aboutOf(outcome)}: false losses`,
      measured: falseLosses(outcome),
      bound: "at most",
      limit: 0,
      unit: "",
      decimals: 0,
    },
  ];
}

/** How far the figures are outside of what lies between both captures. */
export function boundGoals(outcome: Outcome): readonly Goal[] {
  return errorGoals(outcome, (bounds) => bounds);
}

function errorGoals(outcome: Outcome, truthOf: (bounds: RttBounds) => RttBounds): readonly Goal[] {
  const { wire, reported } = outcome;
  const off = (name: string, seconds: number, bounds: RttBounds, limit: number): Goal => ({
    name: `${aboutOf(outcome)}: ${name} off by`,
    measured: Math.abs(errorSeconds(seconds, truthOf(bounds))) * 1e6,
    bound: "at most",
    limit,
    unit: "µs",
    decimals: 2,
  });
  return [
    off("mean", reported.meanSeconds, wire.meanSeconds, MAX_MEAN_ERROR_MICROSECONDS),
    off("p99", reported.p99Seconds, wire.p99Seconds, MAX_P99_ERROR_MICROSECONDS),
  ];
}

function aboutOf({ who, condition, targets }: Outcome): string {
  return `${who}, ${figure(targets)} targets, ${condition}`;
}
