import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CookieJar } from "../../../src/probe/http/cookies.ts";

const NOW_SECONDS = 1_700_000_000;

const cases: readonly {
  readonly name: string;
  readonly from?: string;
  readonly lines: readonly string[];
  readonly to?: string;
  readonly want: string | undefined;
}[] = [
  { name: "a plain cookie", lines: ["a=1"], want: "a=1" },
  { name: "two cookies, the older first", lines: ["a=1", "b=2"], want: "a=1; b=2" },
  { name: "a cookie set anew", lines: ["a=1", "b=2", "a=3"], want: "b=2; a=3" },
  { name: "a cookie with an empty value", lines: ["a="], want: "a=" },
  { name: "a quoted value as it is", lines: ['a="x y"'], want: 'a="x y"' },
  {
    name: "a host-only cookie below its host",
    lines: ["a=1"],
    to: "http://www.a.example/",
    want: undefined,
  },
  {
    name: "a domain cookie below its domain",
    lines: ["a=1; Domain=a.example"],
    to: "http://www.a.example/",
    want: "a=1",
  },
  {
    name: "a domain cookie with a leading dot",
    lines: ["a=1; domain=.A.Example"],
    to: "http://www.a.example/",
    want: "a=1",
  },
  {
    name: "a domain cookie beside its domain",
    lines: ["a=1; Domain=a.example"],
    to: "http://ba.example/",
    want: undefined,
  },
  {
    name: "a cookie for somebody else",
    lines: ["a=1; Domain=b.example"],
    to: "http://b.example/",
    want: undefined,
  },
  {
    name: "a cookie for a single label",
    lines: ["a=1; Domain=example"],
    to: "http://b.example/",
    want: undefined,
  },
  { name: "a secure cookie without TLS", lines: ["a=1; Secure"], want: undefined },
  {
    name: "a secure cookie over TLS",
    lines: ["a=1; Secure"],
    to: "https://a.example/",
    want: "a=1",
  },
  { name: "a path it is within", lines: ["a=1; Path=/x"], to: "http://a.example/x/y", want: "a=1" },
  {
    name: "a path that only begins alike",
    lines: ["a=1; Path=/x"],
    to: "http://a.example/xy",
    want: undefined,
  },
  {
    name: "the default path",
    from: "http://a.example/x/y",
    lines: ["a=1"],
    to: "http://a.example/x/z",
    want: "a=1",
  },
  {
    name: "the default path, left",
    from: "http://a.example/x/y",
    lines: ["a=1"],
    to: "http://a.example/z",
    want: undefined,
  },
  {
    name: "the longer path first",
    from: "http://a.example/x/",
    lines: ["a=1; Path=/", "b=2; Path=/x"],
    to: "http://a.example/x",
    want: "b=2; a=1",
  },
  { name: "Max-Age=0, which takes it back", lines: ["a=1", "a=1; Max-Age=0"], want: undefined },
  {
    name: "an expiry in the past",
    lines: ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    want: undefined,
  },
  {
    name: "Max-Age over an expiry in the past",
    lines: ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9"],
    want: "a=1",
  },
  { name: "no name", lines: ["=1", "novalue", ";"], want: undefined },
  { name: "a line break within", lines: ["a=1\r\nX: y"], want: undefined },
  { name: "a cookie longer than 4096", lines: [`a=${"x".repeat(5000)}`], want: undefined },
  {
    name: "an address's own domain",
    from: "http://192.0.2.1/",
    lines: ["a=1; Domain=192.0.2.1"],
    to: "http://192.0.2.1/",
    want: "a=1",
  },
  {
    name: "a part of an address as domain",
    from: "http://192.0.2.1/",
    lines: ["a=1; Domain=2.1"],
    to: "http://192.0.2.1/",
    want: undefined,
  },
];

for (const { name, from = "http://a.example/", lines, to = from, want } of cases) {
  test(`headerFor() after ${name}`, () => {
    const jar = new CookieJar();
    jar.store(new URL(from), lines, NOW_SECONDS);
    assert.equal(jar.headerFor(new URL(to)), want);
  });
}

test("a jar holds at most fifty cookies", () => {
  const jar = new CookieJar();
  const url = new URL("http://a.example/");
  jar.store(
    url,
    Array.from({ length: 200 }, (_, i) => `n${i}=1`),
    NOW_SECONDS,
  );
  assert.equal(jar.headerFor(url)?.split("; ").length, 50);
});

test("whatever a server sends, the header stays one line and other hosts get nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), (lines) => {
      const jar = new CookieJar();
      jar.store(new URL("http://a.example/"), lines, NOW_SECONDS);
      assert.match(jar.headerFor(new URL("http://a.example/")) ?? "", /^[\x20-\x7e\x80-\xff]*$/);
      assert.equal(jar.headerFor(new URL("http://b.test/")), undefined);
    }),
  );
});
