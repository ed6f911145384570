import type { ResponseHead } from "../exchange.ts";
import { type Failed, failed } from "../failure.ts";
import type { Regexps } from "../regexps.ts";
import type { HeaderRule, HttpOptions } from "./http-options.ts";

/**
 * Applies `fail_if_header_matches` and `fail_if_header_not_matches`: the first fails if any value of
 * the header matches, the second if none does; both if the header is missing, unless allowed.
 */
export function headerRuleFailure(
  headers: ResponseHead["headers"],
  options: Pick<HttpOptions, "fail_if_header_matches" | "fail_if_header_not_matches">,
  regexps: Regexps,
): Failed | undefined {
  const isMatching = (rule: HeaderRule, values: readonly string[]): boolean =>
    values.some((value) => regexps.isIn(rule.regexp, value));
  for (const [rules, isMatchWanted] of [
    [options.fail_if_header_matches, false],
    [options.fail_if_header_not_matches, true],
  ] as const) {
    for (const rule of rules) {
      const values = headers.get(rule.header.toLowerCase());
      if (values === undefined) {
        if (rule.allow_missing) continue;
        return failed("header_mismatch", `the answer has no header ${rule.header}`);
      }
      if (isMatching(rule, values) === isMatchWanted) continue;
      const verb = isMatchWanted ? "does not match" : "matches";
      return failed("header_mismatch", `header ${rule.header} ${verb} ${rule.regexp}`);
    }
  }
  return undefined;
}
