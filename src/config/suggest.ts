/** The known name nearest to what was written, when it is near enough to be meant. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const limit = written.length <= 4 ? 1 : Math.min(3, Math.floor(written.length / 3));
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const name of known) {
    if (Math.abs(name.length - written.length) > limit) continue;
    const edits = editsBetween(written.toLowerCase(), name.toLowerCase());
    if (edits <= limit && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}

/** Letters inserted, removed, replaced or swapped with their neighbour to get from one to the other. */
function editsBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) edits = Math.min(edits, (beforeLast[column - 2] ?? edits) + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** `a`, `a or b`, `a, b or c`; cut where it gets long. */
export function orList(names: readonly string[], limit = 12): string {
  if (names.length > limit) return `${names.slice(0, limit).join(", ")}, …`;
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
