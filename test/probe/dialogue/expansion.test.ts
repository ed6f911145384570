import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { expand, expandBytes, MAX_EXPANDED_BYTES } from "../../../src/probe/dialogue/expansion.ts";
import { type RegexpMatch, Regexps } from "../../../src/probe/regexps.ts";

function match(pattern: string, text: string): RegexpMatch {
  const found = new Regexps().find(pattern, Buffer.from(text));
  assert.ok(found);
  return found;
}

const ssh = match("^SSH-2.0-([^ -]+)(?: (?P<comment>.*))?$", "SSH-2.0-OpenSSH_6.9p1 Debian-2");

// What Go's Regexp.Expand makes of each.
const cases = [
  { name: "text alone", template: "PONG", want: "PONG" },
  { name: "an empty template", template: "", want: "" },
  { name: "a number in braces", template: "CONFIRM ${1}!", want: "CONFIRM OpenSSH_6.9p1!" },
  { name: "a number without braces", template: "$1 $2", want: "OpenSSH_6.9p1 Debian-2" },
  { name: "the whole match", template: "<$0>", want: "<SSH-2.0-OpenSSH_6.9p1 Debian-2>" },
  { name: "a name", template: "${comment}/$comment", want: "Debian-2/Debian-2" },
  { name: "a name as long as it can be", template: "$1x", want: "" },
  { name: "a name that ends at a hyphen", template: "$1-x", want: "OpenSSH_6.9p1-x" },
  { name: "a name that goes on with a letter of another script", template: "$1ü!", want: "!" },
  { name: "two dollar signs", template: "$$1 $$$2", want: "$1 $Debian-2" },
  { name: "a number that is no group", template: "[$3]", want: "[]" },
  { name: "a name that is no group", template: "[${none}]", want: "[]" },
  { name: "a number with a leading zero, which is a name", template: "[$01]", want: "[]" },
  { name: "a number of ten digits, which is a name", template: "[$1000000000]", want: "[]" },
  { name: "a dollar sign at the end", template: "1$", want: "1$" },
  { name: "a dollar sign before a blank", template: "$ 1", want: "$ 1" },
  { name: "braces that do not close", template: "${1 ${1", want: "${1 ${1" },
  { name: "empty braces", template: "${}", want: "${}" },
  { name: "braces around more than a name", template: "${1-2}", want: "${1-2}" },
  { name: "a name of the prototype", template: "[${constructor}]", want: "[]" },
] as const;

for (const { name, template, want } of cases) {
  test(`expand() of ${name}`, () => {
    assert.equal(expand(template, ssh), want);
  });
}

test("expand() leaves a group empty that took no part in the match", () => {
  assert.equal(expand("[$1][$2]", match("(a)|(b)", "b")), "[][b]");
});

test("expandBytes() keeps bytes that are no UTF-8, of the template and of the match", () => {
  const found = new Regexps().find("a(.)b", Buffer.from([0x61, 0xff, 0x62]));
  assert.ok(found);
  const template = Buffer.from([0xd2, 0x24, 0x31, 0xfe]);
  assert.deepEqual(expandBytes(template, found), Buffer.from([0xd2, 0xff, 0xfe]));
});

test("expandBytes() refuses what grows beyond its limit", () => {
  const long = match("^.*$", "x".repeat(MAX_EXPANDED_BYTES / 2));
  assert.equal(expandBytes(Buffer.from("$0$0"), long)?.length, MAX_EXPANDED_BYTES);
  assert.equal(expandBytes(Buffer.from("$0$0."), long), undefined);
  assert.equal(expandBytes(Buffer.from("$0".repeat(100_000)), long), undefined);
});

test("expand() puts pieces together that were written apart", () => {
  const values = ["whole", "one", "", "three"];
  const groups = match("^(?P<a>one)(two)?(three)$", "onethree");
  const piece = fc.oneof(
    fc
      .string({ unit: "binary" })
      .map((text) => text.replaceAll("$", ""))
      .map((text) => ({ written: text, meant: text })),
    fc.constant({ written: "$$", meant: "$" }),
    fc.constantFrom(1, 2, 3).map((number) => ({
      written: `\${${number}}`,
      meant: values[number] ?? "",
    })),
    fc.constant({ written: "${a}", meant: "one" }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const written = pieces.map((each) => each.written).join("");
      const meant = pieces.map((each) => each.meant).join("");
      assert.equal(expand(written, groups), meant);
    }),
  );
});

test("expand() takes any template", () => {
  const anything = fc.string({ unit: fc.constantFrom("$", "{", "}", "1", "a", "_", "ü", " ") });
  fc.assert(
    fc.property(anything, (template) => {
      const expanded = expand(template, ssh);
      assert.equal(typeof expanded, "string");
      if (!template.includes("$")) assert.equal(expanded, template);
    }),
  );
});
