/** The first due time at or after `nowSeconds` on the grid `(n + phase) · intervalSeconds`. */
export function firstDueSeconds(
  nowSeconds: number,
  intervalSeconds: number,
  phase: number,
): number {
  const offsetSeconds = phase * intervalSeconds;
  const dueSeconds =
    Math.ceil((nowSeconds - offsetSeconds) / intervalSeconds) * intervalSeconds + offsetSeconds;
  // Rounding may leave the quotient just below a whole number.
  return dueSeconds < nowSeconds ? dueSeconds + intervalSeconds : dueSeconds;
}

/**
 * The due time after `dueSeconds`, seen at `nowSeconds`, and how many were passed over.
 *
 * Stays on the grid, so delays never add up to drift. After a stall the ticks whose time is over are
 * dropped, not caught up with: a burst of probes would measure itself.
 */
export function nextDue(
  dueSeconds: number,
  intervalSeconds: number,
  nowSeconds: number,
): { readonly dueSeconds: number; readonly missedTicks: number } {
  const lagIntervals = Math.floor((nowSeconds - dueSeconds) / intervalSeconds);
  const missedTicks = Math.max(0, lagIntervals);
  return { dueSeconds: dueSeconds + (missedTicks + 1) * intervalSeconds, missedTicks };
}
