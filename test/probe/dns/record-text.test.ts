import assert from "node:assert/strict";
import { test } from "node:test";
import { typeName } from "../../../src/probe/dns/dns-numbers.ts";
import { readMessage } from "../../../src/probe/dns/message.ts";
import { recordText } from "../../../src/probe/dns/record-text.ts";
import { LINE_CASES } from "./line-cases.ts";
import { RECORD_CASES } from "./record-cases.ts";
import { message, record, type WireRecord } from "./wire.ts";

function textOf(parts: WireRecord): string {
  const read = readMessage(message({ answer: [record(parts)] }));
  const [first] = read.answer;
  assert.ok(first);
  assert.equal(read.answer.length, 1);
  return recordText(first);
}

for (const { name, type, data, want } of RECORD_CASES) {
  test(`recordText() of ${name}`, () => {
    const line = textOf({ type, data });
    assert.equal(line, `example.net.\t3600\tIN\t${typeName(type)}\t${want}`);
  });
}

for (const { name, want, ...parts } of LINE_CASES) {
  test(`recordText() of ${name}`, () => {
    assert.equal(textOf(parts), want);
  });
}
