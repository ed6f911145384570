import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { goQuote, queryOf, queryUnescape } from "../../src/server/go-url.ts";

const queries = [
  { name: "nothing", url: "/probe", want: {} },
  { name: "an empty query", url: "/probe?", want: {} },
  { name: "two parameters", url: "/probe?target=a&module=b", want: { target: "a", module: "b" } },
  { name: "a repeated parameter", url: "/?target=a&target=b", want: { target: "a" } },
  { name: "a parameter without value", url: "/?target", want: { target: "" } },
  { name: "an equals sign in the value", url: "/?target=a=b", want: { target: "a=b" } },
  { name: "a question mark in the value", url: "/?target=a?b", want: { target: "a?b" } },
  { name: "plus and escapes", url: "/?target=a+b%2Bc%20d", want: { target: "a b+c d" } },
  { name: "an escaped name", url: "/?t%61rget=a", want: { target: "a" } },
  { name: "a broken escape", url: "/?target=%zz&module=b", want: { module: "b" } },
  { name: "a cut escape", url: "/?target=%4", want: {} },
  { name: "a broken one before a good one", url: "/?target=%zz&target=b", want: { target: "b" } },
  { name: "a semicolon", url: "/?target=a;b&module=c", want: { module: "c" } },
  { name: "UTF-8", url: "/?target=b%C3%BCcher.example", want: { target: "bücher.example" } },
  {
    name: "raw UTF-8 bytes",
    url: "/?target=b\u00c3\u00bccher.example",
    want: { target: "bücher.example" },
  },
  { name: "bytes that are no UTF-8", url: "/?target=%ff", want: { target: "\udcff" } },
  {
    name: "names of Object.prototype",
    url: "/?__proto__=a&constructor=b",
    want: { ["__proto__"]: "a", constructor: "b" },
  },
] as const;

for (const { name, url, want } of queries) {
  test(`queryOf() reads ${name} as Go does`, () => {
    assert.deepEqual([...queryOf(url)], Object.entries(want));
  });
}

test("queryUnescape() undoes encodeURIComponent()", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(queryUnescape(encodeURIComponent(text), "utf8"), text);
    }),
  );
});

test("queryUnescape() keeps what URLSearchParams writes, and never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (text, any) => {
      const written = new URLSearchParams({ target: text }).toString();
      assert.equal(queryOf(`/?${written}`).get("target"), text);
      queryUnescape(any, "utf8");
    }),
  );
});

const quoted = [
  { text: "a", want: '"a"' },
  { text: 'a"b\\', want: '"a\\"b\\\\"' },
  { text: "a\nb\x00\x7f", want: '"a\\nb\\x00\\x7f"' },
  { text: "bücher", want: '"bücher"' },
  { text: "\u200b\ue000", want: '"\\u200b\\ue000"' },
  { text: "\u{e0001}", want: '"\\U000e0001"' },
] as const;

for (const { text, want } of quoted) {
  test(`goQuote() writes ${want} as %q does`, () => {
    assert.equal(goQuote(text), want);
  });
}

test("goQuote() writes a byte that is no UTF-8 as Go does", () => {
  assert.equal(goQuote(queryUnescape("a%ff", "utf8") ?? ""), '"a\\xff"');
});
