import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseResolvConf, type ResolvConf } from "../../src/resolve/resolv-conf.ts";

const context = { hostname: "agent", environment: {} };
const defaults: ResolvConf = {
  nameservers: ["127.0.0.1"],
  search: [],
  ndots: 1,
  tryTimeoutSeconds: undefined,
  attempts: 2,
};

type Case = {
  readonly name: string;
  readonly text: string;
  readonly hostname?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly want: Partial<ResolvConf>;
};

const cases: readonly Case[] = [
  { name: "an empty file asks this machine", text: "", want: {} },
  {
    name: "name servers of both families, zone included",
    text: "nameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver\tfe80::1%eth0\n",
    want: { nameservers: ["192.0.2.53", "2001:db8::53", "fe80::1%eth0"] },
  },
  {
    name: "the fourth name server is not used",
    text: "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
    want: { nameservers: ["192.0.2.1", "192.0.2.2", "192.0.2.3"] },
  },
  {
    name: "a name server that is no address is passed over",
    text: "nameserver dns.example\nnameserver\nnameserver 192.0.2.1",
    want: { nameservers: ["192.0.2.1"] },
  },
  {
    name: "comments and indented lines are passed over",
    text: "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n nameserver 192.0.2.3\n#nameserver 192.0.2.4",
    want: {},
  },
  {
    name: "words after an address are passed over",
    text: "nameserver 192.0.2.1 # the first",
    want: { nameservers: ["192.0.2.1"] },
  },
  {
    name: "lines may end as on Windows",
    text: "search a.example\r\noptions ndots:2\r\n",
    want: { search: ["a.example"], ndots: 2 },
  },
  {
    name: "search takes all its domains",
    text: "search Corp.Example. b.example",
    want: { search: ["corp.example", "b.example"] },
  },
  {
    name: "the last search wins",
    text: "search a.example\nsearch b.example",
    want: { search: ["b.example"] },
  },
  {
    name: "a domain after search wins",
    text: "search a.example b.example\ndomain c.example",
    want: { search: ["c.example"] },
  },
  {
    name: "a search after domain wins",
    text: "domain c.example\nsearch a.example",
    want: { search: ["a.example"] },
  },
  { name: "domain takes one", text: "domain c.example d.example", want: { search: ["c.example"] } },
  {
    name: "an empty search changes nothing",
    text: "search a.example\nsearch",
    want: { search: ["a.example"] },
  },
  { name: "the root may be searched", text: "search .", want: { search: ["."] } },
  {
    name: "without either the host's own domain",
    text: "",
    hostname: "agent.corp.example",
    want: { search: ["corp.example"] },
  },
  {
    name: "options add up over lines and the last one wins",
    text: "options ndots:5 timeout:1\noptions attempts:3 ndots:2 rotate edns0",
    want: { ndots: 2, tryTimeoutSeconds: 1, attempts: 3 },
  },
  {
    name: "options are cut to glibc's limits",
    text: "options ndots:99 timeout:99 attempts:99",
    want: { ndots: 15, tryTimeoutSeconds: 30, attempts: 5 },
  },
  {
    name: "zero attempts are one, zero seconds one",
    text: "options ndots:0 timeout:0 attempts:0",
    want: { ndots: 0, tryTimeoutSeconds: 1, attempts: 1 },
  },
  {
    name: "LOCALDOMAIN replaces the search list",
    text: "search a.example",
    environment: { LOCALDOMAIN: "b.example c.example" },
    want: { search: ["b.example", "c.example"] },
  },
  {
    name: "an empty LOCALDOMAIN empties it",
    text: "search a.example",
    environment: { LOCALDOMAIN: "" },
    want: { search: [] },
  },
  {
    name: "RES_OPTIONS overrule the file",
    text: "options ndots:5",
    environment: { RES_OPTIONS: "ndots:1 attempts:1" },
    want: { ndots: 1, attempts: 1 },
  },
];

for (const { name, text, hostname = "agent", environment = {}, want } of cases) {
  test(`parseResolvConf(): ${name}`, () => {
    assert.deepEqual(parseResolvConf(text, { hostname, environment }), { ...defaults, ...want });
  });
}

test("parseResolvConf() gives usable settings for any text", () => {
  const word = fc.constantFrom(
    "nameserver",
    "search",
    "domain",
    "options",
    "\n",
    " ",
    "\t",
    "ndots:",
    "timeout:",
    "::1",
    "192.0.2.1",
    "-7",
    "9".repeat(40),
    ".",
    "#",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.oneof(word, fc.string()), { maxLength: 60 }).map((words) => words.join("")),
  );
  fc.assert(
    fc.property(text, (content) => {
      const conf = parseResolvConf(content, context);
      assert.ok(conf.nameservers.length >= 1 && conf.nameservers.length <= 3);
      assert.ok(conf.search.length <= 32);
      assert.ok(conf.ndots >= 0 && conf.ndots <= 15);
      assert.ok(conf.attempts >= 1 && conf.attempts <= 5);
    }),
  );
});
