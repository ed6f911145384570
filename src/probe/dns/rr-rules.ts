import { quote } from "../../runtime/found.ts";
import { type Failed, failed } from "../failure.ts";
import type { Regexps } from "../regexps.ts";
import type { RecordRules } from "./dns-options.ts";
import type { ResourceRecord } from "./message.ts";
import { recordText } from "./record-text.ts";

/**
 * Whether the records of a section are what a module asks for. In blackbox_exporter's order and with its meanings:
 * `fail_if_all_match_regexp` fails unless every record matches every one of its patterns (so an empty section passes),
 * and a section without records fails where a record has to match.
 *
 * @param section Its name, for the sentence.
 * @returns the first rule that does not hold.
 */
export function recordsFailure(
  section: string,
  records: readonly ResourceRecord[],
  rules: RecordRules,
  regexps: Pick<Regexps, "isIn">,
): Failed | undefined {
  const {
    fail_if_matches_regexp: forbidden,
    fail_if_all_match_regexp: all,
    fail_if_not_matches_regexp: required,
    fail_if_none_matches_regexp: some,
  } = rules;
  if (forbidden.length + all.length + required.length + some.length === 0) return undefined;
  if (records.length === 0 && required.length + some.length > 0) {
    const key = required.length > 0 ? "fail_if_not_matches_regexp" : "fail_if_none_matches_regexp";
    return failed("query_rr_mismatch", `the ${section} section is empty, which ${key} forbids`);
  }
  let isAnyMatch = false;
  let isAllMatch = true;
  for (const record of records) {
    const text = recordText(record);
    const isIn = (pattern: string): boolean => regexps.isIn(pattern, text);
    const told = `the record ${quote(text)} of the ${section} section`;
    const hit = forbidden.find(isIn);
    if (hit !== undefined) {
      return failed("query_rr_mismatch", `${told} matches ${quote(hit)} of fail_if_matches_regexp`);
    }
    isAllMatch &&= all.every(isIn);
    const missed = required.find((pattern) => !isIn(pattern));
    if (missed !== undefined) {
      return failed(
        "query_rr_mismatch",
        `${told} does not match ${quote(missed)} of fail_if_not_matches_regexp`,
      );
    }
    isAnyMatch ||= some.some(isIn);
  }
  if (!isAllMatch) {
    return failed(
      "query_rr_mismatch",
      `not every record of the ${section} section matches fail_if_all_match_regexp`,
    );
  }
  if (some.length > 0 && !isAnyMatch) {
    return failed(
      "query_rr_mismatch",
      `no record of the ${section} section matches fail_if_none_matches_regexp`,
    );
  }
  return undefined;
}
