import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../../../src/probe/dns/message.ts";
import { encodeQuery, mismatch } from "../../../src/probe/dns/question.ts";
import { bytes, hex, message, name, question, type WireMessage } from "./wire.ts";

const query = encodeQuery({
  id: 0xbeef,
  isRecursionDesired: true,
  name: name("Www.Example"),
  type: 28,
  class: 1,
});

test("encodeQuery() writes one question as RFC 1035 has it", () => {
  assert.deepEqual(
    query.bytes,
    bytes(hex("beef 0100 0001 0000 0000 0000"), question("Www.Example", 28)),
  );
});

test("encodeQuery() leaves recursion to who wants it", () => {
  const { bytes: wire } = encodeQuery({
    id: 1,
    isRecursionDesired: false,
    name: name(""),
    type: 2,
    class: 255,
  });
  assert.deepEqual(wire, hex("0001 0000 0001 0000 0000 0000 00 0002 00ff"));
});

const cases: readonly { name: string; parts: WireMessage; why: RegExp | undefined }[] = [
  {
    name: "the question repeated",
    parts: { questions: [question("Www.Example", 28)] },
    why: undefined,
  },
  {
    name: "the question in other letters",
    parts: { questions: [question("wWW.eXAMPLE", 28)] },
    why: undefined,
  },
  { name: "no question", parts: { flags: 0x8181 }, why: undefined },
  {
    name: "another id",
    parts: { id: 0xbeee, questions: [question("www.example", 28)] },
    why: /its id is 48878/,
  },
  {
    name: "another name",
    parts: { questions: [question("www.example.net", 28)] },
    why: /another question/,
  },
  {
    name: "another type",
    parts: { questions: [question("www.example", 1)] },
    why: /another question/,
  },
  {
    name: "another class",
    parts: { questions: [question("www.example", 28, 3)] },
    why: /another question/,
  },
  {
    name: "the question twice",
    parts: { questions: [question("www.example", 28), question("www.example", 28)] },
    why: /another question/,
  },
  {
    name: "a question of its own",
    parts: { flags: 0x0100, questions: [question("www.example", 28)] },
    why: /a question and no answer/,
  },
];

for (const { name: what, parts, why } of cases) {
  test(`mismatch() ${why === undefined ? "has nothing against" : "refuses"} ${what}`, () => {
    const said = mismatch(readMessage(message({ id: 0xbeef, ...parts })), query);
    if (why === undefined) assert.equal(said, undefined);
    else assert.match(said ?? "", why);
  });
}
