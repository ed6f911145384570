/**
 * Sum of every sample of one name in a text exposition. Tens of megabytes are read without an object a line, which
 * a real parser would make.
 *
 * @returns NaN when the name does not occur, so that a counter that vanished is no zero.
 */
export function sumOf(exposition: string, name: string): number {
  const sample = new RegExp(`^${name}(?:\\{[^\\n]*\\})? ([^ \\n]+)$`, "gm");
  let sum = Number.NaN;
  for (const [, value] of exposition.matchAll(sample)) {
    sum = (Number.isNaN(sum) ? 0 : sum) + Number(value);
  }
  return sum;
}
