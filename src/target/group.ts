import type { Target } from "./target.ts";

/** A group as the rest of the program sees it: defaults merged, labels of the group in every target. */
export type Group = {
  readonly name: string;
  readonly modules: readonly string[];
  readonly intervalSeconds: number;
  readonly echoes: { readonly count: number; readonly spacingSeconds: number };
  readonly lossWindowSeconds: number;
  /** Whether a name gives one stream (its first address) or one per address. */
  readonly resolve: "first" | "all";
  /** Classic RTT bucket bounds of the group in seconds; undefined for the common ones. */
  readonly buckets: readonly number[] | undefined;
  readonly targets: readonly Target[];
};
