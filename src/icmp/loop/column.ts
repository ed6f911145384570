/** Copies a column into a longer one of its kind and gives the longer one. */
export function grown<Column extends { set: (from: Column) => void }>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}

/** Room for `wanted` rows: at least double what there is, so that growing costs little over time. */
export function roomFor(wanted: number, have: number): number {
  return Math.max(wanted, have * 2, 64);
}
