import * as z from "zod";
import { found, quote } from "../runtime/found.ts";
import { formatDuration, positiveSeconds, seconds } from "../runtime/units.ts";
import { bucketsOptions } from "./buckets.ts";
import { labelsOptions, MAX_LABEL_VALUE_BYTES } from "./labels.ts";
import { hostOf, isSocketPath, type Target } from "./target.ts";

/** Longest target, in bytes. A URL may be longer than other label values. */
export const MAX_TARGET_BYTES = 2048;
export const MAX_GROUPS = 10_000;
export const MAX_MODULES_OF_GROUP = 100;
export const MAX_ECHOES_PER_INTERVAL = 100;

/** Longest interval or window: a year, which is what the clock arithmetic is tested for. */
export const MAX_INTERVAL_SECONDS = 365 * 86_400;

/** Shortest distance of two echoes to one target: a hundred a second is a measurement, more a load. */
export const MIN_ECHO_SPACING_SECONDS = 0.01;

/** What is wrong with a target text, as one sentence; undefined when nothing is. */
export function targetProblem(text: string): string | undefined {
  if (text === "")
    return "a target must not be empty: write a host, an address, host:port or a URL";
  const isPath = isSocketPath(text);
  // Before every message that quotes the target: a password must not be shown.
  if (!isPath && /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i.test(text)) {
    return 'a target holds no user or password: take out what stands before "@" and use basic_auth of the module';
  }
  if (Buffer.byteLength(text) > MAX_TARGET_BYTES) {
    return `a target may have at most ${MAX_TARGET_BYTES} bytes, this one has ${Buffer.byteLength(text)}`;
  }
  if (/[\s\p{Cc}]/u.test(text)) {
    return `target ${quote(text)} holds a space or a control character: write each target as an entry of its own, and %20 for a space in a URL`;
  }
  if (!isPath && hostOf(text) === "") {
    return `target ${quote(text)} has no host: write for example 192.0.2.1, dns.example.net or https://www.example.net/`;
  }
  return undefined;
}

function foundTarget(input: unknown): string {
  const isScalar = typeof input === "number" || typeof input === "boolean";
  return `found ${found(input)}${isScalar ? ": write it in quotes" : ""}`;
}

const targetText = z
  .string({
    error: (issue) =>
      `expected a target such as 192.0.2.1 or https://www.example.net/, ${foundTarget(issue.input)}`,
  })
  .superRefine((text, context) => {
    const problem = targetProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

/** One entry of `targets:`: the text alone, or with labels. */
export const targetOptions = z
  .union([targetText, z.strictObject({ target: targetText, labels: labelsOptions.default({}) })], {
    error: (issue) =>
      Array.isArray(issue.input)
        ? "expected a target, found a list: write its entries one level higher"
        : `expected a target such as 192.0.2.1 or {target: 192.0.2.1, labels: {role: dns}}, ${foundTarget(issue.input)}`,
  })
  .transform(
    (entry): Target => (typeof entry === "string" ? { target: entry, labels: {} } : entry),
  );

/** A name that becomes a label value. */
export const groupName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= MAX_LABEL_VALUE_BYTES, {
    error: `must have at most ${MAX_LABEL_VALUE_BYTES} bytes`,
  })
  .refine((name) => !/\p{Cc}/u.test(name), { error: "must not hold control characters" });

const intervalSeconds = positiveSeconds.refine((value) => value <= MAX_INTERVAL_SECONDS, {
  error: `must be at most ${formatDuration(MAX_INTERVAL_SECONDS)}`,
});

const echoesOptions = z.strictObject({
  count: z.int().min(1).max(MAX_ECHOES_PER_INTERVAL),
  /** Seconds; undefined spreads the echoes over the interval, at most a second apart. */
  spacing: positiveSeconds
    .refine((value) => value >= MIN_ECHO_SPACING_SECONDS, {
      error: `must be at least ${formatDuration(MIN_ECHO_SPACING_SECONDS)}`,
    })
    .optional(),
});

const fastSeconds = seconds
  .refine((value) => value === 0 || value >= MIN_ECHO_SPACING_SECONDS, {
    error: `must be at least ${formatDuration(MIN_ECHO_SPACING_SECONDS)}, or 0s for no fast pace`,
  })
  .refine((value) => value <= MAX_INTERVAL_SECONDS, {
    error: `must be at most ${formatDuration(MAX_INTERVAL_SECONDS)}`,
  });

const SHARE_REMEDY = "must be more than 0 and at most 1: write 0.05 for 5 %";
const untilLoss = z
  .number({ error: ({ input }) => `expected a share such as 0.05 for 5 %, found ${found(input)}` })
  .gt(0, { error: SHARE_REMEDY })
  .max(1, { error: SHARE_REMEDY });

/** The `defaults:` block; a group overrides each. */
export const defaultsOptions = z.strictObject({
  interval: intervalSeconds.default(10),
  loss_window: intervalSeconds.default(60),
  /** Of icmp modules alone: a group with other modules asks for it itself. */
  fast_interval: fastSeconds.default(1),
  fast_until_loss: untilLoss.default(0.05),
  labels: labelsOptions.default({}),
});
export type DefaultsOptions = z.output<typeof defaultsOptions>;

/** One entry of `groups:`. */
export const groupOptions = z.strictObject({
  name: groupName,
  modules: z.array(z.string().min(1)).min(1).max(MAX_MODULES_OF_GROUP),
  interval: intervalSeconds.optional(),
  echoes: echoesOptions.optional(),
  loss_window: intervalSeconds.optional(),
  /** Undefined: that of the defaults for icmp modules, none for others. 0 is none. */
  fast_interval: fastSeconds.optional(),
  fast_until_loss: untilLoss.optional(),
  buckets: bucketsOptions.optional(),
  resolve: z.enum(["first", "all"]).default("first"),
  labels: labelsOptions.default({}),
  targets: z.array(targetOptions).default([]),
});
export type GroupOptions = z.output<typeof groupOptions>;
