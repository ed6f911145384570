import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  expandSecret,
  MAX_SECRET_BYTES,
  secretFrom,
  withoutPassword,
} from "../../src/runtime/secrets.ts";

const environment = { USER_1: "me", EMPTY: "", NESTED: "${USER_1}", BIG: "x".repeat(40_000) };

const expanded = [
  { name: "a plain text", text: "hunter2", want: "hunter2" },
  { name: "a variable", text: "${USER_1}", want: "me" },
  { name: "variables within text", text: "a${USER_1}b${USER_1}", want: "amebme" },
  { name: "an empty variable", text: "a${EMPTY}b", want: "ab" },
  { name: "an escaped reference", text: "$${USER_1}", want: "${USER_1}" },
  { name: "dollars that begin nothing", text: "$a $$ $", want: "$a $$ $" },
  { name: "a variable that looks like one", text: "${NESTED}", want: "${USER_1}" },
] as const;

for (const { name, text, want } of expanded) {
  test(`expandSecret() of ${name}`, () => {
    assert.deepEqual(expandSecret(text, environment), { kind: "expanded", text: want });
  });
}

const failed = [
  { name: "a variable that is not set", text: "hunter2${NONE}", says: /variable NONE is not set/ },
  { name: "a name that is none", text: "hunter2${a-b}", says: /write \$\{NAME\}/ },
  { name: "an open brace", text: "hunter2${", says: /write \$\{NAME\}/ },
  { name: "what every object has", text: "${toString}", says: /toString is not set/ },
  { name: "too much in all", text: "${BIG}${BIG}", says: /at most 65536 bytes/ },
] as const;

for (const { name, text, says } of failed) {
  test(`expandSecret() refuses ${name}, without the text`, () => {
    const result = expandSecret(text, environment);
    assert.equal(result.kind, "failed");
    if (result.kind !== "failed") return;
    assert.match(result.problem, says);
    assert.doesNotMatch(result.problem, /hunter2|xxx/);
  });
}

test("expandSecret() leaves any text without references as it is", () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes("${")),
      (text) => {
        assert.deepEqual(expandSecret(text, {}), { kind: "expanded", text });
      },
    ),
  );
});

test("secretFrom() refuses what is longer than the limit, and shows nothing of it", () => {
  const parsed = secretFrom({}).safeParse("hunter2".repeat(MAX_SECRET_BYTES));
  assert.equal(parsed.success, false);
  assert.doesNotMatch(JSON.stringify(parsed.error?.issues), /hunter2/);
});

const urls = [
  { text: "http://bob:hunter2@a.example/", want: "http://bob:xxxxx@a.example/" },
  { text: "http://bob:hunter2%zz@a.example/", want: "http://bob:xxxxx@a.example/" },
  { text: "http://bob:hunter2@exa mple/", want: "http://bob:xxxxx@exa mple/" },
  { text: "bob:hunter2@127.0.0.1:1", want: "bob:xxxxx@127.0.0.1:1" },
  { text: "http://a.example:80/x@y", want: "http://a.example:80/x@y" },
  { text: "a.example:80/x@y", want: "a.example:80/x@y" },
  { text: "[2001:db8::1]:80", want: "[2001:db8::1]:80" },
  { text: "a.example", want: "a.example" },
] as const;

for (const { text, want } of urls) {
  test(`withoutPassword() of ${text} is ${want}`, () => {
    assert.equal(withoutPassword(text), want);
  });
}
