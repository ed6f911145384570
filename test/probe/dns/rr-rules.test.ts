import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../../../src/probe/dns/message.ts";
import { recordsFailure } from "../../../src/probe/dns/rr-rules.ts";
import { Regexps } from "../../../src/probe/regexps.ts";
import { hex, message, record } from "./wire.ts";

const ONE = record({ type: 1, data: hex("7f000001") });
const TWO = record({ type: 1, ttlSeconds: 7200, data: hex("7f000002") });

type Rules = Readonly<Partial<Record<"matches" | "all" | "not" | "none", readonly string[]>>>;

function failure(records: readonly Buffer[], { matches, all, not, none }: Rules) {
  return recordsFailure(
    "answer",
    readMessage(message({ answer: records })).answer,
    {
      fail_if_matches_regexp: [...(matches ?? [])],
      fail_if_all_match_regexp: [...(all ?? [])],
      fail_if_not_matches_regexp: [...(not ?? [])],
      fail_if_none_matches_regexp: [...(none ?? [])],
    },
    new Regexps(),
  );
}

const cases: readonly { name: string; records: readonly Buffer[]; rules: Rules; why?: RegExp }[] = [
  { name: "no rules and no records", records: [], rules: {} },
  { name: "matches, and none does", records: [ONE, TWO], rules: { matches: ["192\\.0\\.2"] } },
  {
    name: "matches, and the second does",
    records: [ONE, TWO],
    rules: { matches: ["nope", "7200"] },
    why: /127\.0\.0\.2.* matches "7200" of fail_if_matches_regexp/,
  },
  { name: "matches, without records", records: [], rules: { matches: ["."] } },
  { name: "all match, and they do", records: [ONE, TWO], rules: { all: ["127\\.0\\.0", "IN"] } },
  {
    name: "all match, and one does not",
    records: [ONE, TWO],
    rules: { all: ["3600"] },
    why: /not every record .* fail_if_all_match_regexp/,
  },
  { name: "all match, without records", records: [], rules: { all: ["3600"] } },
  { name: "not matches, and all do", records: [ONE, TWO], rules: { not: ["127\\.0\\.0"] } },
  {
    name: "not matches, and one does not",
    records: [ONE, TWO],
    rules: { not: ["3600"] },
    why: /127\.0\.0\.2.* does not match "3600" of fail_if_not_matches_regexp/,
  },
  {
    name: "not matches, without records",
    records: [],
    rules: { not: ["3600"] },
    why: /answer section is empty, which fail_if_not_matches_regexp forbids/,
  },
  { name: "none matches, and one does", records: [ONE, TWO], rules: { none: ["nope", "7200"] } },
  {
    name: "none matches, and none does",
    records: [ONE, TWO],
    rules: { none: ["nope"] },
    why: /no record .* matches fail_if_none_matches_regexp/,
  },
  {
    name: "none matches, without records",
    records: [],
    rules: { none: ["3600"] },
    why: /answer section is empty, which fail_if_none_matches_regexp forbids/,
  },
  {
    name: "several, the first record's first",
    records: [ONE, TWO],
    rules: { not: ["7200"], matches: ["3600"] },
    why: /fail_if_matches_regexp/,
  },
  {
    name: "the whole line with its tabs",
    records: [ONE],
    rules: { not: ["^example.net.\t3600\tIN\tA\t127.0.0.1$"] },
  },
];

for (const { name, records, rules, why } of cases) {
  test(`recordsFailure() of ${name}`, () => {
    const said = failure(records, rules);
    if (why === undefined) return assert.equal(said, undefined);
    assert.equal(said?.reason, "query_rr_mismatch");
    assert.match(said?.detail ?? "", why);
  });
}
