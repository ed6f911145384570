/**
 * A moment of the kernel's wall clock: Unix seconds and the nanoseconds beyond, apart, because a double of both
 * together is too coarse.
 */
export type Stamp = { readonly seconds: number; readonly nanoseconds: number };

/** What the kernel left out. */
export const NO_STAMP: Stamp = { seconds: 0, nanoseconds: 0 };

/** Below 0 when `to` is the earlier one; NaN when one of them is not there. */
export function secondsBetween(from: Stamp, to: Stamp): number {
  if (from.seconds === 0 || to.seconds === 0) return Number.NaN;
  return ((to.seconds - from.seconds) * 1e9 + (to.nanoseconds - from.nanoseconds)) / 1e9;
}
