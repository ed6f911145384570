import * as z from "zod";

/** One rule: every list that is there must hold, by any one of its entries. */
const rule = z.strictObject({
  cidr: z.array(z.string()).optional(),
  host: z.array(z.string()).optional(),
  port: z.array(z.int().min(1).max(65_535)).optional(),
  module: z.array(z.string()).optional(),
  path: z.array(z.string()).optional(),
});

/** The `probe:` block: who may be probed by `/probe` and the ping API. */
export const policyOptions = z.strictObject({
  targets: z.enum(["auto", "configured", "any", "none"]).default("auto"),
  allow: z.array(rule).max(1_000).default([]),
  /** Names of sets (`metadata`, `self`) or CIDRs; wins over `allow`. */
  deny: z.array(z.string()).max(1_000).default(["metadata", "self"]),
  max_concurrent: z.int().min(1).max(100_000).default(1_000),
});
export type PolicyOptions = z.output<typeof policyOptions>;
