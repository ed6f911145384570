import assert from "node:assert/strict";
import { test } from "node:test";
import { candidatesFor } from "../../src/resolve/search-list.ts";

const two = ["corp.example", "example"];
const long = "a".repeat(60);

/** What glibc's getaddrinfo asks for, in order, when every question ends in NXDOMAIN. */
const cases = [
  {
    name: "a single label is searched first",
    host: "www",
    search: two,
    ndots: 1,
    want: ["www.corp.example", "www.example", "www"],
  },
  {
    name: "a dot is enough for ndots:1",
    host: "www.net",
    search: two,
    ndots: 1,
    want: ["www.net", "www.net.corp.example", "www.net.example"],
  },
  {
    name: "two dots are too few for ndots:5",
    host: "a.b.net",
    search: two,
    ndots: 5,
    want: ["a.b.net.corp.example", "a.b.net.example", "a.b.net"],
  },
  {
    name: "ndots:0 asks for a single label first",
    host: "www",
    search: two,
    ndots: 0,
    want: ["www", "www.corp.example", "www.example"],
  },
  { name: "a trailing dot is never searched", host: "www.", search: two, ndots: 1, want: ["www"] },
  {
    name: "a trailing dot is no dot of the name",
    host: "a.b.",
    search: two,
    ndots: 5,
    want: ["a.b"],
  },
  { name: "without a search list only itself", host: "www", search: [], ndots: 1, want: ["www"] },
  {
    name: "the root in the list is the name itself, once",
    host: "www",
    search: [".", "example"],
    ndots: 1,
    want: ["www", "www.example"],
  },
  {
    name: "what would be too long is left out",
    host: `${long}.${long}.${long}`,
    search: [`${long}.${long}`, "example"],
    ndots: 5,
    want: [`${long}.${long}.${long}.example`, `${long}.${long}.${long}`],
  },
] as const;

for (const { name, host, search, ndots, want } of cases) {
  test(`candidatesFor(): ${name}`, () => {
    const isAbsolute = host.endsWith(".");
    const given = { name: host.replace(/\.$/, ""), isAbsolute };
    const candidates = candidatesFor(given, { search, ndots });
    assert.deepEqual(
      candidates.map((candidate) => candidate.name),
      want,
    );
  });
}

test("candidatesFor() gives at most 32 names, the name as given among them", () => {
  const search = Array.from({ length: 60 }, (_, at) => `d${at}.example`);
  const candidates = candidatesFor({ name: "www", isAbsolute: false }, { search, ndots: 1 });
  assert.equal(candidates.length, 32);
  assert.deepEqual(candidates.at(-1), { name: "www", isSearched: false });
});
