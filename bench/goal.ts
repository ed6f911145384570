import { figure, tableLines } from "./table.ts";

/** One promise about a measured figure, which must not pass `limit`. */
export type Goal = {
  readonly name: string;
  /** NaN when it could not be measured, which is a miss. */
  readonly measured: number;
  readonly bound: "at most" | "at least";
  readonly limit: number;
  readonly unit: string;
  readonly decimals: number;
};

export function isMet({ measured, bound, limit }: Goal): boolean {
  // A comparison with NaN is false either way.
  return bound === "at most" ? measured <= limit : measured >= limit;
}

export function goalLines(goals: readonly Goal[]): readonly string[] {
  return tableLines(
    [
      { title: "goal", align: "left" },
      { title: "measured", align: "right" },
      { title: "wanted", align: "right" },
      { title: "", align: "left" },
    ],
    goals.map((goal) => [
      goal.name,
      `${figure(goal.measured, goal.decimals)} ${goal.unit}`.trim(),
      `${goal.bound} ${figure(goal.limit, goal.limit % 1 === 0 ? 0 : goal.decimals)} ${goal.unit}`.trim(),
      isMet(goal) ? "met" : "MISSED",
    ]),
  );
}
