import * as z from "zod";
import { found } from "./found.ts";

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  y: 365 * 86_400,
  w: 7 * 86_400,
  d: 86_400,
  h: 3_600,
  m: 60,
  s: 1,
  ms: 0.001,
};

/** As Prometheus writes durations: whole numbers, units falling, each at most once (`1h30m`). */
const PROMETHEUS_DURATION =
  /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
/** As Go writes them, which blackbox_exporter's files also hold: fractions, any order (`1.5s`). */
const GO_DURATION = /^(?:(?:\d+\.?\d*|\.\d+)(?:ms|s|m|h))+$/;

/**
 * Seconds of a duration text.
 *
 * @returns undefined for anything but a Prometheus or Go duration. `0` alone is zero.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (text === "") return undefined;
  if (!PROMETHEUS_DURATION.test(text) && !GO_DURATION.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, number = "", unit = ""] of text.matchAll(/([\d.]+)(ms|[ywdhms])/g)) {
    milliseconds += Number(number) * (SECONDS_PER_UNIT[unit] ?? 0) * 1000;
  }
  // Milliseconds first: 3 × 0.1 s must be 0.3 s.
  return Math.round(milliseconds * 1e6) / 1e9;
}

/** The shortest Prometheus text of a duration: 90 gives `1m30s`. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return "0s";
  let rest = Math.round(seconds * 1000);
  let text = "";
  for (const [unit, unitSeconds] of Object.entries(SECONDS_PER_UNIT)) {
    const count = Math.floor(rest / Math.round(unitSeconds * 1000));
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * Math.round(unitSeconds * 1000);
  }
  return text === "" ? `${seconds}s` : text;
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  B: 1,
  KB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Bytes of a size text: `8MiB`, `512KB` (1024 as blackbox_exporter has it), or a whole number. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([KMG]i?B|B)?$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (BYTES_PER_UNIT[match[2] ?? "B"] ?? 1));
}

/** The schema of a duration; its output is seconds. */
export const seconds = z
  .union([z.string(), z.number()], {
    error: (issue) =>
      `expected a duration such as 500ms, 10s or 1m30s, found ${found(issue.input)}`,
  })
  .transform((value, context) => {
    const parsed = parseDuration(String(value));
    if (parsed !== undefined) return parsed;
    const unitless = /^\d+(\.\d+)?$/.test(String(value));
    context.addIssue({
      code: "custom",
      message: unitless
        ? `"${value}" has no unit: write ${value}s for seconds or ${value}ms for milliseconds`
        : `"${value}" is not a duration: write for example 500ms, 10s or 1m30s`,
    });
    return z.NEVER;
  });

/** The schema of a duration above zero. */
export const positiveSeconds = seconds.refine((value) => value > 0, {
  error: "must be longer than 0s",
});

/** The schema of a size; its output is bytes. */
export const bytes = z
  .union([z.string(), z.number()], {
    error: (issue) => `expected a size such as 8MiB or 65536, found ${found(issue.input)}`,
  })
  .transform((value, context) => {
    const parsed = parseBytes(String(value));
    if (parsed !== undefined) return parsed;
    context.addIssue({
      code: "custom",
      message: `"${value}" is not a size: write for example 512KiB, 8MiB or 65536`,
    });
    return z.NEVER;
  });
