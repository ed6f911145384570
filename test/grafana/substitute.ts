/**
 * Durations that Grafana puts in by the shown time and the width of a panel. Each has a marker, a duration that nothing
 * else has, as dashboard-linter does it, and one for a short run with a scrape every second.
 */
export const GRAFANA_DURATIONS = [
  { name: "$__rate_interval", marker: "8869990787ms", short: "8s" },
  { name: "$__range", marker: "6069770749ms", short: "60s" },
  { name: "$__interval", marker: "4867856611ms", short: "2s" },
] as const;

/** Chosen values of the variables; those that are not named are "All". */
export type Choice = Readonly<Record<string, string>>;

/**
 * An expression as Grafana would send it. "All" is `.+`, as every variable says of itself; a chosen value is escaped where
 * it stands in a regular expression.
 *
 * @param range In place of `$__range`, as in `60s`.
 */
export function substitute(expression: string, choice: Choice, range?: string): string {
  const withDurations = GRAFANA_DURATIONS.reduce(
    (text, { name, short }) =>
      text.replaceAll(name, name === "$__range" ? (range ?? short) : short),
    expression,
  );
  return withDurations.replace(/(=~|=)"\$(\w+)"/g, (_match, operator: string, name: string) => {
    const value = choice[name];
    if (value === undefined) return `${operator}".+"`;
    const isRegexp = operator === "=~";
    const written = isRegexp ? value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : value;
    return `${operator}${JSON.stringify(written)}`;
  });
}
