import * as z from "zod";
import { found, quote } from "../runtime/found.ts";
import { parseDuration } from "../runtime/units.ts";

/** Each bound is a series of every target of the group. */
export const MAX_BUCKETS = 50;

/** Longest bound: no round-trip time is longer than a timeout, and no timeout makes sense beyond. */
const MAX_BOUND_SECONDS = 3_600;

const NUMBER = /^[+-]?\d*\.?\d+(?:e[+-]?\d+)?$/i;
const INFINITY = /^\+?\.?inf(?:inity)?$/i;
const INFINITY_REMEDY = "the bucket without a bound (+Inf) is always there: remove it";

/** One bound: seconds as a plain number, as Prometheus writes `le`, or a duration. */
const bound = z
  .union([z.string(), z.number()], {
    error: ({ input }) =>
      input === Number.POSITIVE_INFINITY
        ? INFINITY_REMEDY
        : `expected seconds such as 0.001 or a duration such as 1ms, found ${found(input)}`,
  })
  .transform((written, context) => {
    const read = readBound(String(written));
    if (typeof read === "number") return read;
    context.addIssue({ code: "custom", message: read });
    return z.NEVER;
  });

/** The `buckets:` of a group: upper bounds of its RTT histograms in seconds, +Inf left out. */
export const bucketsOptions = z
  .array(bound)
  .min(1)
  .max(MAX_BUCKETS)
  .superRefine((bounds, context) => {
    for (const [at, upper] of bounds.entries()) {
      const below = bounds[at - 1];
      if (below === undefined || upper > below) continue;
      const message = `must be more than the bound before it (${below}), found ${upper}: write them in rising order, each once`;
      context.addIssue({ code: "custom", path: [at], message });
    }
  });

/** Seconds, or what is wrong. */
function readBound(text: string): number | string {
  if (INFINITY.test(text)) return INFINITY_REMEDY;
  const boundSeconds = NUMBER.test(text) ? Number(text) : parseDuration(text);
  if (boundSeconds === undefined) {
    return `${quote(text)} is not a bound: write seconds such as 0.001, or a duration such as 1ms`;
  }
  if (boundSeconds <= 0) return "must be more than 0";
  if (boundSeconds > MAX_BOUND_SECONDS) {
    return `must be at most ${MAX_BOUND_SECONDS} (seconds), found ${text}: write 0.005 or 5ms for five milliseconds`;
  }
  return boundSeconds;
}
