const NEEDS_ESCAPE = /[\\"\n]/;

/** A label value between its quotes. @see Prometheus text format 0.0.4: `\\`, `\"` and `\n`. */
export function escapeLabelValue(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** HELP text: only `\\` and `\n` are escaped there, quotes stay. */
export function escapeHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/**
 * `a="b",c="d"` without braces, so that `le`, `phase` or `reason` can follow. Names are taken as they
 * are: whoever lets labels in has checked them.
 */
export function labelText(labels: Iterable<readonly [name: string, value: string]>): string {
  const parts: string[] = [];
  for (const [name, value] of labels) parts.push(`${name}="${escapeLabelValue(value)}"`);
  // join() gives one flat string; text kept for years must not be a tree of its pieces.
  return parts.join(",");
}
