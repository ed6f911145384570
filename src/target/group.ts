import type { Target } from "./target.ts";

/** How a failing target is probed in addition to its grid, which goes on unchanged. */
export type FastPace = {
  readonly intervalSeconds: number;
  /** Back to normal when the share of failed probes in the loss window is below this; above 0, at most 1. */
  readonly untilLoss: number;
};

/** A group as the rest of the program sees it: defaults merged, labels of the group in every target. */
export type Group = {
  readonly name: string;
  readonly modules: readonly string[];
  readonly intervalSeconds: number;
  readonly echoes: { readonly count: number; readonly spacingSeconds: number };
  readonly lossWindowSeconds: number;
  /** Of its icmp modules; undefined for none. */
  readonly fastIcmp: FastPace | undefined;
  /** Of all its other modules; undefined unless the group itself asks for it. */
  readonly fastProbe: FastPace | undefined;
  /** Whether a name gives one stream (its first address) or one per address. */
  readonly resolve: "first" | "all";
  /** Classic RTT bucket bounds of the group in seconds; undefined for the common ones. */
  readonly buckets: readonly number[] | undefined;
  readonly targets: readonly Target[];
};
