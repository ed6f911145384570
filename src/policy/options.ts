import * as z from "zod";
import { quote } from "../runtime/found.ts";
import { cidrProblem } from "./cidr.ts";
import { hostPatternProblem } from "./host-pattern.ts";
import { DENY_SETS, type DenySet } from "./named-sets.ts";
import { pathPatternProblem } from "./path-pattern.ts";

const MAX_RULES = 1_000;
const MAX_ENTRIES = 256;
const MAX_NAME_CHARACTERS = 128;

/** A list of a rule: there only when it says something. */
function entries<T extends z.ZodType>(entry: T, example: string) {
  return z
    .array(entry, { error: `expected a list such as [${example}]` })
    .min(1, `an empty list matches nothing: leave the key out, or write for example [${example}]`)
    .max(MAX_ENTRIES, `a list of a rule has at most ${MAX_ENTRIES} entries: use a second rule`);
}

/** A text that `problemOf` finds nothing wrong with. */
function checked(problemOf: (text: string) => string | undefined, expected: string) {
  return z.string({ error: `expected ${expected}` }).superRefine((text, context) => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

/** One rule: every list that is there must hold, by any one of its entries. */
const rule = z
  .strictObject({
    /** Blocks of addresses, compared with the address connected to. */
    cidr: entries(checked(cidrProblem, "a CIDR such as 192.0.2.0/24"), "192.0.2.0/24").optional(),
    /** Names as written in the target or URL: exact, or `*.example.net`. */
    host: entries(
      checked(hostPatternProblem, "a host such as www.example.net"),
      '"*.example.net"',
    ).optional(),
    port: entries(
      z
        .int({ error: "expected a port, a whole number from 1 to 65535" })
        .min(1, "expected a port from 1 to 65535")
        .max(65_535, "expected a port from 1 to 65535"),
      "80, 443",
    ).optional(),
    module: entries(
      z.string({ error: "expected the name of a module" }).min(1).max(MAX_NAME_CHARACTERS),
      "http_2xx",
    ).optional(),
    /** Sockets of the prober `unix`; a rule with it holds for nothing else. */
    path: entries(
      checked(pathPatternProblem, "a path such as /run/app/control.sock"),
      "/run/app/control.sock",
    ).optional(),
  })
  .refine((given) => Object.values(given).some((list) => list !== undefined), {
    error:
      "an empty rule would allow everything: name a cidr, host, port or module, or set targets: any",
  })
  .refine(
    ({ path, cidr, host, port }) => path === undefined || (cidr ?? host ?? port) === undefined,
    {
      error:
        "a unix socket has no cidr, host or port, so a rule with path and one of them never holds: write two rules",
    },
  );
export type AllowRule = z.output<typeof rule>;

function denyProblem(text: string): string | undefined {
  if (DENY_SETS.includes(text as DenySet)) return undefined;
  const problem = cidrProblem(text);
  if (problem === undefined) return undefined;
  // Without a digit, dot or colon it was meant as a name; a CIDR's sentence would mislead.
  return /[\d.:/]/.test(text)
    ? problem
    : `${quote(text)} is not a set of addresses: the sets are ${DENY_SETS.join(" and ")}, anything else is a CIDR such as 192.0.2.0/24`;
}

/** The `probe:` block: who may be probed by `/probe` and the ping API. */
export const policyOptions = z.strictObject({
  targets: z
    .enum(["auto", "configured", "any", "none"], {
      error: "expected auto, configured, any or none",
    })
    .default("auto"),
  allow: z
    .array(rule, { error: 'expected a list of rules such as [{host: ["*.example.net"]}]' })
    .max(MAX_RULES, `at most ${MAX_RULES} rules: put several entries into one rule`)
    .default([]),
  /** Names of sets (`metadata`, `self`) or CIDRs; wins over `allow`. */
  deny: z
    .array(checked(denyProblem, "metadata, self or a CIDR such as 192.0.2.0/24"), {
      error: "expected a list such as [metadata, self, 192.0.2.0/24]",
    })
    .max(MAX_RULES, `at most ${MAX_RULES} entries: join neighbouring blocks`)
    .default(["metadata", "self"]),
  max_concurrent: z
    .int({ error: "expected a whole number from 1 to 100000" })
    .min(1, "expected a whole number from 1 to 100000")
    .max(100_000, "expected a whole number from 1 to 100000")
    .default(1_000),
});
export type PolicyOptions = z.output<typeof policyOptions>;
