import type { RecordCase } from "./record-case.ts";
import { CLASSIC_CASES } from "./record-cases-classic.ts";
import { LATER_CASES } from "./record-cases-later.ts";
import { SHORT_CASES } from "./record-cases-short.ts";

/** Data and its text, of every type there is a form for. */
export const RECORD_CASES: readonly RecordCase[] = [
  ...CLASSIC_CASES,
  ...LATER_CASES,
  ...SHORT_CASES,
];
