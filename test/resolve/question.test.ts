import assert from "node:assert/strict";
import { test } from "node:test";
import { type AskServer, type FamilyAnswer, reasonOf } from "../../src/resolve/dns-answer.ts";
import { ask } from "../../src/resolve/question.ts";
import { candidatesFor } from "../../src/resolve/search-list.ts";

const never = new AbortController().signal;
type Scripted = FamilyAnswer | "silent";
const found = (address: string, ttlSeconds = 60): FamilyAnswer => ({
  kind: "records",
  records: [{ address, ttlSeconds }],
});
const failed = (code: string): FamilyAnswer => ({ kind: "failed", reason: reasonOf(code), code });
const nxdomain = failed("ENOTFOUND");
const nodata = failed("ENODATA");
const servfail = failed("ESERVFAIL");
const refused = failed("EREFUSED");

/** By name: what A gives, then what AAAA gives. What is not listed does not exist. */
type Zone = Readonly<Record<string, readonly [Scripted, Scripted]>>;

async function lookUp(zone: Zone, host: string, ndots = 1) {
  const asked: string[] = [];
  const askServer: AskServer = (_server, name, family) => {
    if (family === "ipv4") asked.push(name);
    const [ipv4, ipv6] = zone[name] ?? [nxdomain, nxdomain];
    const scripted = family === "ipv4" ? ipv4 : ipv6;
    const answer =
      scripted === "silent" ? new Promise<FamilyAnswer>(() => {}) : Promise.resolve(scripted);
    return { answer, cancel: () => {} };
  };
  const search = ["corp.example", "example"];
  const answer = await ask(
    {
      name: host,
      candidates: candidatesFor({ name: host, isAbsolute: false }, { search, ndots }),
      plan: { servers: ["192.0.2.53:53"], attempts: 1, patienceSeconds: 60 },
      timeoutSeconds: 0.02,
    },
    { askServer, onSilentServer: () => {} },
    never,
  );
  return { answer, asked };
}

const families: readonly { name: string; pair: readonly [Scripted, Scripted]; want: object }[] = [
  {
    name: "addresses of both families, with the lesser TTL",
    pair: [found("192.0.2.1", 60), found("2001:db8::1", 30)],
    want: { addresses: ["192.0.2.1", "2001:db8::1"], ttlSeconds: 30, unknownFamilies: [] },
  },
  {
    name: "one family when the other has no record",
    pair: [found("192.0.2.1"), nodata],
    want: { addresses: ["192.0.2.1"], ttlSeconds: 60, unknownFamilies: [] },
  },
  {
    name: "one family although the other failed",
    pair: [servfail, found("2001:db8::1")],
    want: { addresses: ["2001:db8::1"], ttlSeconds: 60, unknownFamilies: ["ipv4"] },
  },
  {
    name: "one family although the other was silent",
    pair: [found("192.0.2.1"), "silent"],
    want: { addresses: ["192.0.2.1"], ttlSeconds: 60, unknownFamilies: ["ipv6"] },
  },
  {
    name: "one family although a broken server denies the name for the other (RFC 4074 section 4.2)",
    pair: [found("192.0.2.1"), nxdomain],
    want: { addresses: ["192.0.2.1"], ttlSeconds: 60, unknownFamilies: [] },
  },
  {
    name: "no record of either family",
    pair: [nodata, nodata],
    want: { reason: "dns_no_address" },
  },
  {
    name: "no record and no such name",
    pair: [nodata, nxdomain],
    want: { reason: "dns_no_address" },
  },
  {
    name: "no record and trouble",
    pair: [nodata, servfail],
    want: { reason: "dns_server_failure" },
  },
  {
    name: "no such name and trouble",
    pair: [servfail, nxdomain],
    want: { reason: "dns_nxdomain" },
  },
  { name: "no record and silence", pair: [nodata, "silent"], want: { reason: "dns_timeout" } },
  { name: "refused", pair: [refused, refused], want: { reason: "dns_refused" } },
  { name: "silence", pair: ["silent", "silent"], want: { reason: "dns_timeout" } },
];

for (const { name, pair, want } of families) {
  test(`ask(): ${name}`, async () => {
    // Three dots and ndots:1: the name as given decides.
    const { answer } = await lookUp({ "a.b.c.net": pair }, "a.b.c.net");
    if (answer.kind === "failed") {
      assert.deepEqual({ reason: answer.reason }, want);
      return;
    }
    const { ttlSeconds, unknownFamilies } = answer;
    const addresses = answer.addresses.map(({ text }) => text);
    assert.deepEqual({ addresses, ttlSeconds, unknownFamilies }, want);
  });
}

const both = (answer: Scripted): readonly [Scripted, Scripted] => [answer, answer];
/** glibc resolv/res_query.c: after what the search goes on, and what is said when nothing is found. */
const searches: readonly {
  name: string;
  zone: Zone;
  host: string;
  asked: string[];
  want: string;
}[] = [
  {
    name: "the search ends at the first address",
    host: "www",
    zone: { "www.example": both(found("192.0.2.1")) },
    asked: ["www.corp.example", "www.example"],
    want: "resolved",
  },
  {
    name: "it goes on after a name without addresses, which is told at the end",
    host: "www",
    zone: { "www.corp.example": both(nodata) },
    asked: ["www.corp.example", "www.example", "www"],
    want: "dns_no_address",
  },
  {
    name: "it goes on after a server failure, which is told at the end",
    host: "www",
    zone: { "www.corp.example": both(servfail) },
    asked: ["www.corp.example", "www.example", "www"],
    want: "dns_server_failure",
  },
  {
    name: "after a refusal only the name as given is tried",
    host: "www",
    zone: { "www.corp.example": both(refused), www: both(found("192.0.2.1")) },
    asked: ["www.corp.example", "www"],
    want: "resolved",
  },
  {
    name: "the name as given comes first and its failure is told",
    host: "www.net",
    zone: { "www.net": both(servfail) },
    asked: ["www.net", "www.net.corp.example", "www.net.example"],
    want: "dns_server_failure",
  },
  {
    name: "after silence no time is left",
    host: "www",
    zone: { "www.corp.example": both("silent") },
    asked: ["www.corp.example"],
    want: "dns_timeout",
  },
  {
    name: "nobody knows it",
    host: "www",
    zone: {},
    asked: ["www.corp.example", "www.example", "www"],
    want: "dns_nxdomain",
  },
];

for (const { name, zone, host, asked, want } of searches) {
  test(`ask(): ${name}`, async () => {
    const done = await lookUp(zone, host);
    assert.deepEqual(done.asked, asked);
    const { answer } = done;
    assert.equal(answer.kind === "failed" ? answer.reason : answer.kind, want);
  });
}

test("ask() says in one sentence what was asked of whom", async () => {
  const { answer } = await lookUp({}, "www");
  assert.ok(answer.kind === "failed");
  assert.equal(
    answer.detail,
    '"www" does not exist (asked 192.0.2.53:53 for www.corp.example, www.example, www)',
  );
});

test("ask() rejects with the reason of its signal", async () => {
  const gone = new Error("nobody waits any more");
  const question = {
    name: "www.example",
    candidates: [{ name: "www.example", isSearched: false }],
    plan: { servers: ["192.0.2.53:53"], attempts: 1, patienceSeconds: 60 },
    timeoutSeconds: 60,
  };
  const controller = new AbortController();
  const askServer: AskServer = () => {
    controller.abort(gone);
    return { answer: new Promise(() => {}), cancel: () => {} };
  };
  await assert.rejects(
    ask(question, { askServer, onSilentServer: () => {} }, controller.signal),
    gone,
  );
});

const codes = [
  ["ENOTFOUND", "dns_nxdomain"],
  ["ENODATA", "dns_no_address"],
  ["ETIMEOUT", "dns_timeout"],
  ["ECANCELLED", "dns_timeout"],
  ["EREFUSED", "dns_refused"],
  ["ESERVFAIL", "dns_server_failure"],
  ["ECONNREFUSED", "dns_server_failure"],
  ["EBADRESP", "dns_server_failure"],
  ["EFORMERR", "dns_server_failure"],
  ["ENOTIMP", "dns_server_failure"],
  ["ENOMEM", "dns_server_failure"],
  ["EBADNAME", "dns_bad_name"],
] as const;

for (const [code, want] of codes) {
  test(`reasonOf() ${code} is ${want}`, () => {
    assert.equal(reasonOf(code), want);
  });
}
