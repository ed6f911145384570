import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asBytes } from "../../src/target/url-escapes.ts";
import { readReferenceFrom, readUrl, urlText, type WebUrl } from "../../src/target/web-url.ts";

function read(text: string): WebUrl {
  const found = readUrl(text);
  if (found.kind !== "url") throw new Error(`Cannot go on: ${text} ${found.problem}`);
  return found.url;
}

// What Go's net/url makes of each: Host, then RequestURI.
const taken = [
  { name: "a host alone", text: "http://a.example", host: "a.example", target: "/" },
  { name: "a query alone", text: "http://a.example?a=1", host: "a.example", target: "/?a=1" },
  { name: "an empty query", text: "http://a.example/b?", host: "a.example", target: "/b?" },
  { name: "two question marks", text: "http://a.example/??", host: "a.example", target: "/??" },
  { name: "a fragment", text: "http://a.example/b#c", host: "a.example", target: "/b" },
  { name: "dots", text: "http://a.example/b/../c/.", host: "a.example", target: "/b/../c/." },
  { name: "two slashes", text: "http://a.example//b", host: "a.example", target: "//b" },
  { name: "capitals", text: "HTTP://A.Example/B", host: "A.Example", target: "/B" },
  {
    name: "the port of its scheme",
    text: "http://a.example:80/",
    host: "a.example:80",
    target: "/",
  },
  { name: "an empty port", text: "http://a.example:/", host: "a.example:", target: "/" },
  {
    name: "a port too high",
    text: "http://a.example:99999/",
    host: "a.example:99999",
    target: "/",
  },
  { name: "an escaped letter", text: "http://a.example/%61", host: "a.example", target: "/%61" },
  { name: "an escaped slash", text: "http://a.example/b%2fc", host: "a.example", target: "/b%2fc" },
  {
    name: "a space in its path",
    text: "http://a.example/b c",
    host: "a.example",
    target: "/b%20c",
  },
  {
    name: "a space in its query",
    text: "http://a.example/?b c",
    host: "a.example",
    target: "/?b%20c",
  },
  {
    name: "an escape beside a mark",
    text: "http://a.example/%61|%2f",
    host: "a.example",
    target: "/a%7C/",
  },
  {
    name: "marks",
    text: 'http://a.example/a|b^c"d`e{f}<g>\\h?a|b^c"d\'e{f}\\',
    host: "a.example",
    target: "/a%7Cb%5Ec%22d%60e%7Bf%7D%3Cg%3E%5Ch?a|b^c\"d'e{f}\\",
  },
  {
    name: "other letters",
    text: "http://a.example/caf\u00e9?\u00e9",
    host: "a.example",
    target: "/caf%C3%A9?\u00c3\u00a9",
  },
  { name: "a short form of an address", text: "http://127.1/", host: "127.1", target: "/" },
  { name: "a number for an address", text: "http://0x7f000001/", host: "0x7f000001", target: "/" },
  { name: "an octal address", text: "http://0177.0.0.1/", host: "0177.0.0.1", target: "/" },
  {
    name: "an IPv4-mapped address",
    text: "http://[::ffff:192.0.2.1]:81/",
    host: "[::ffff:192.0.2.1]:81",
    target: "/",
  },
  { name: "a zone", text: "http://[fe80::1%25eth0]:81/", host: "[fe80::1]:81", target: "/" },
  { name: "no host", text: "http:///b", host: "", target: "/b" },
  { name: "a user", text: "http://u:p%40ss@a.example/", host: "a.example", target: "/" },
  {
    name: "an international name",
    text: "http://b\u00fccher.example/",
    host: "xn--bcher-kva.example",
    target: "/",
  },
] as const;

for (const { name, text, host, target } of taken) {
  test(`readUrl() asks for ${name} as Go does`, () => {
    const url = read(text);
    assert.equal(url.host, host);
    assert.equal(`${url.pathname}${url.search}`, target);
  });
}

test("readUrl() tells zone, port, user and password apart", () => {
  const url = read("https://u:p%40@[fe80::1%25eth0]:81/");
  assert.deepEqual(url, {
    protocol: "https:",
    username: "u",
    password: "p%40",
    host: "[fe80::1]:81",
    hostname: "[fe80::1%eth0]",
    port: "81",
    pathname: "/",
    search: "",
    origin: "https://[fe80::1]:81",
  });
});

const refused = [
  { name: "an escape that is none", text: "http://a.example/%zz", want: /"%zz" is no escape/ },
  { name: "half an escape", text: "http://a.example/%4", want: /"%4" is no escape/ },
  { name: "a bad escape behind #", text: "http://a.example/#%", want: /is no escape/ },
  { name: "a control character", text: "http://a.example/\t", want: /control character/ },
  { name: "half a bracket", text: "http://[::1/", want: /not closed/ },
  { name: "a name in brackets", text: "http://[a.example]/", want: /no IPv6 address/ },
  { name: "no port behind a bracket", text: "http://[::1]x/", want: /no port/ },
  { name: "a zone with a slash in it", text: "http://[fe80::1%25%2f]/", want: /no zone/ },
  { name: "IPv6 without brackets", text: "http://::1/", want: /in brackets/ },
  { name: "a port that is a word", text: "http://a.example:http/", want: /"http" is no port/ },
  { name: "a space in its host", text: "http://a b/", want: /"a b" is no host/ },
  { name: "a backslash in its host", text: "http://a\\b/", want: /is no host/ },
  { name: "an escaped letter in its host", text: "http://%61/", want: /is no host/ },
  { name: "a backslash before @", text: "http://a\\@b/", want: /user or password/ },
  { name: "digits of another script", text: "http://\uff11\uff12\uff17.1/", want: /international/ },
] as const;

for (const { name, text, want } of refused) {
  test(`readUrl() refuses ${name}`, () => {
    const found = readUrl(text);
    assert.match(found.kind === "malformed" ? found.problem : found.kind, want);
  });
}

const BASE = "http://u@a.example:81/dir/page?q";
const references = [
  { reference: "x", want: "http://a.example:81/dir/x", isRelative: true },
  { reference: "../x", want: "http://a.example:81/x", isRelative: true },
  { reference: "/a/./b/../c", want: "http://a.example:81/a/c", isRelative: true },
  { reference: "/a/..", want: "http://a.example:81/", isRelative: true },
  { reference: "?r", want: "http://a.example:81/dir/page?r", isRelative: true },
  { reference: "#f", want: "http://a.example:81/dir/page?q", isRelative: true },
  { reference: "//", want: "http://a.example:81/dir/page?q", isRelative: true },
  { reference: "///b.example/x", want: "http://a.example:81///b.example/x", isRelative: true },
  { reference: "/\\b.example/x", want: "http://a.example:81/%5Cb.example/x", isRelative: true },
  { reference: "//b.example/x/../y", want: "http://b.example/y", isRelative: false },
  { reference: "HTTPS://b.example", want: "https://b.example/", isRelative: false },
  { reference: "caf\u00e9", want: "http://a.example:81/dir/caf%E9", isRelative: true },
] as const;

for (const { reference, want, isRelative } of references) {
  test(`readReferenceFrom() leads by ${JSON.stringify(reference)} where Go does`, () => {
    const found = readReferenceFrom(read(BASE), reference);
    assert.equal(found.kind === "url" && urlText(found.url), want);
    assert.equal(found.kind === "url" && found.isRelative, isRelative);
    assert.equal(found.kind === "url" && found.url.username, isRelative ? "u" : "");
  });
}

for (const reference of [
  "ftp://b.example/",
  "mailto:ann@b.example",
  "http:x",
  "http://",
  "http:///x",
]) {
  test(`readReferenceFrom() finds that ${reference} leads nowhere`, () => {
    assert.equal(readReferenceFrom(read(BASE), reference).kind, "foreign");
  });
}

for (const reference of [":x", "a:b/c", "1:x", "/%zz", "http://[half"]) {
  test(`readReferenceFrom() finds that ${reference} is none`, () => {
    const found = readReferenceFrom(read(BASE), reference);
    assert.equal(found.kind, reference === "a:b/c" ? "foreign" : "malformed");
  });
}

const piece = fc.oneof(
  fc.constantFrom("/", "..", ".", "?", "#", "@", ":", "%", "%41", "[", "]", "\\", " ", "a", "//"),
  fc.string({ maxLength: 3, unit: "binary" }),
);
const anyText = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

test("what readUrl() takes can be sent, and read again is the same", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const found = readUrl(`http://${text}`);
      if (found.kind !== "url") return;
      const { host, pathname, search } = found.url;
      assert.match(`${pathname}${search}`, /^\/[\x21-\x7e\x80-\xff]*$/);
      assert.match(host, /^[\x21-\x7e]*$/);
      assert.doesNotMatch(host, /[/?#@\\]/);
      const again = readReferenceFrom(found.url, `${pathname}${search}`);
      if (pathname.startsWith("//")) return;
      assert.equal(again.kind === "url" && again.url.search, search);
    }),
  );
});

test("a relative reference never leads to another place", () => {
  const base = read(BASE);
  fc.assert(
    fc.property(anyText, (text) => {
      const found = readReferenceFrom(base, asBytes(text));
      if (found.kind !== "url" || !found.isRelative) return;
      assert.equal(found.url.origin, base.origin);
      assert.match(`${found.url.pathname}${found.url.search}`, /^\/[\x21-\x7e\x80-\xff]*$/);
    }),
  );
});
