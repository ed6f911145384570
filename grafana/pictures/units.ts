const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;
const MINUTE_SECONDS = 60;

/** Steps of a unit, from the greatest: what a value is divided by, and what is written behind it. */
type Steps = readonly (readonly [size: number, suffix: string])[];

const SECONDS: Steps = [
  [DAY_SECONDS, " d"],
  [HOUR_SECONDS, " h"],
  [MINUTE_SECONDS, " min"],
  [1, " s"],
  [1e-3, " ms"],
  [1e-6, " µs"],
];
const BYTES: Steps = [
  [2 ** 30, " GiB"],
  [2 ** 20, " MiB"],
  [2 ** 10, " KiB"],
  [1, " B"],
];
const COUNTS: Steps = [
  [1e6, " Mil"],
  [1e3, " K"],
  [1, ""],
];
const RATE_SUFFIX: Readonly<Record<string, string>> = { pps: " p/s", ops: " ops/s" };

/**
 * A value as Grafana would show it, near enough for a preview.
 *
 * @param nowSeconds Unix time that "ago" refers to.
 */
export function shown(value: number, unit: string, nowSeconds: number, decimals?: number): string {
  switch (unit) {
    case "percentunit":
      return `${fixed(value * 100, decimals ?? 1)} %`;
    case "s":
      return stepped(value, SECONDS, decimals);
    case "dtdurations":
      return duration(value);
    case "bytes":
      return stepped(value, BYTES, decimals);
    case "dateTimeFromNow":
      return `${stepped(Math.max(nowSeconds - value / 1000, 0), SECONDS, 0)} ago`;
    case "pps":
    case "ops":
      return `${stepped(value, COUNTS, decimals)}${RATE_SUFFIX[unit] ?? ""}`;
    case "short":
      return stepped(value, COUNTS, decimals);
    default:
      return fixed(value, decimals ?? 2);
  }
}

function stepped(value: number, steps: Steps, decimals: number | undefined): string {
  if (value === 0) return `0${steps.find(([size]) => size === 1)?.[1] ?? ""}`;
  const last = steps.at(-1) ?? [1, ""];
  const [size, suffix] = steps.find(([step]) => Math.abs(value) >= step) ?? last;
  return `${fixed(value / size, decimals ?? 2)}${suffix}`;
}

/** The two greatest parts: `2 d 3 h`. */
function duration(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.abs(seconds);
  for (const [size, suffix] of SECONDS.slice(0, 4)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${suffix}`);
  }
  return `${seconds < 0 ? "-" : ""}${parts.slice(0, 2).join(" ") || "0 s"}`;
}

/** Without zeros at the end that say nothing. */
function fixed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}
