import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { reasonOf } from "../lab.ts";
import { ask, detailOf, framed, type Loopback, serveStream, serveUdp } from "./servers.ts";
import { answerTo, hex, name, question, record, u32 } from "./wire.ts";

let authority: Authority;
let site: Issued;
before(() => {
  authority = createAuthority();
  site = authority.issue({
    name: "ns",
    subject: "/CN=ns.example",
    names: "DNS:ns.example,IP:127.0.0.1,IP:::1",
  });
});
after(() => authority.close());

const HOSTS: readonly Loopback[] = ["127.0.0.1", "::1"];

const A = (last: number, ttlSeconds = 3600) =>
  record({ type: 1, ttlSeconds, data: hex(`7f0000${last.toString(16).padStart(2, "0")}`) });
const NS = (host: string) => record({ type: 2, ttlSeconds: 7200, data: name(host) });
const SOA = (serial: number) =>
  record({
    type: 6,
    data: [
      name("ns.example.net"),
      name("noc.example.net"),
      u32(serial),
      u32(1),
      u32(2),
      u32(3),
      u32(4),
    ],
  });

/** As an authoritative server: an address, its two name servers, and an address of one of them. */
const authoritative = (query: Buffer): Buffer =>
  answerTo(query, {
    answer: [A(1)],
    authority: [NS("ns1.isp.example"), NS("ns2.isp.example")],
    additional: [record({ owner: name("ns1.isp.example"), type: 1, data: hex("7f000001") })],
  });

type Transport = { readonly name: string; readonly dns: () => Record<string, unknown> };
const TRANSPORTS: readonly Transport[] = [
  { name: "udp", dns: () => ({}) },
  { name: "tcp", dns: () => ({ transport_protocol: "tcp" }) },
  {
    name: "tls",
    dns: () => ({
      transport_protocol: "tcp",
      dns_over_tls: true,
      tls_config: { ca_file: authority.caFile },
    }),
  },
];

/** A name server of any transport, its target and the keys to ask it by. */
async function serve(
  t: Parameters<typeof serveUdp>[0],
  transport: string,
  answer: (query: Buffer) => Buffer,
  host: Loopback = "127.0.0.1",
): Promise<string> {
  const { port } =
    transport === "udp"
      ? await serveUdp(t, (query, send) => send(answer(query)), host)
      : await serveStream(t, (query, socket) => void socket.write(framed(answer(query))), {
          host,
          ...(transport === "tls" ? { tls: { key: site.key, cert: site.cert } } : {}),
        });
  return host === "::1" ? `[::1]:${port}` : `${host}:${port}`;
}

for (const { name: transport, dns } of TRANSPORTS) {
  for (const host of HOSTS) {
    test(`an answer over ${transport} from ${host} has its facts`, async (t) => {
      const target = await serve(t, transport, authoritative, host);
      const outcome = await ask(target, dns());
      assert.equal(detailOf(outcome), "succeeded");
      const { sections, responseCode, soaSerial, isSoaAsked, phases, tls } = outcome.facts;
      assert.deepEqual(sections, { answer: 1, authority: 2, additional: 1 });
      assert.equal(responseCode, 0);
      assert.equal(isSoaAsked, false);
      assert.equal(soaSerial, undefined);
      assert.equal(outcome.address?.text, host);
      assert.ok(phases.connect > 0 && phases.request > 0);
      assert.equal(phases.tls > 0, transport === "tls");
      assert.equal(tls?.version, transport === "tls" ? "TLS 1.3" : undefined);
    });
  }

  test(`the rules hold for an answer over ${transport}`, async (t) => {
    const target = await serve(t, transport, authoritative);
    const line = "^example.net.\t3600\tIN\tA\t127.0.0.1$";
    const good = { fail_if_not_matches_regexp: [line], fail_if_matches_regexp: ["7200"] };
    assert.equal(detailOf(await ask(target, { ...dns(), validate_answer_rrs: good })), "succeeded");
    const bad = { fail_if_matches_regexp: ["ns2\\.isp\\.example\\.$"] };
    const outcome = await ask(target, { ...dns(), validate_authority_rrs: bad });
    assert.equal(reasonOf(outcome), "query_rr_mismatch");
    assert.match(detailOf(outcome), /authority section/);
    assert.deepEqual(outcome.facts.sections, { answer: 1, authority: 2, additional: 1 });
  });

  test(`a failure of the server over ${transport} is a response code`, async (t) => {
    const target = await serve(t, transport, (query) => answerTo(query, { flags: 0x8182 }));
    const outcome = await ask(target, dns());
    assert.equal(reasonOf(outcome), "query_rcode");
    assert.equal(detailOf(outcome), "the server answered SERVFAIL, wanted NOERROR");
    assert.equal(outcome.facts.responseCode, 2);
    assert.deepEqual(outcome.facts.sections, { answer: 0, authority: 0, additional: 0 });
    const wanted = await ask(target, { ...dns(), valid_rcodes: ["NXDOMAIN", "SERVFAIL"] });
    assert.equal(detailOf(wanted), "succeeded");
  });

  test(`silence over ${transport} ends in query_timeout`, async (t) => {
    const { port } =
      transport === "udp"
        ? await serveUdp(t, () => {})
        : await serveStream(
            t,
            () => {},
            transport === "tls" ? { tls: { key: site.key, cert: site.cert } } : {},
          );
    const outcome = await ask(`127.0.0.1:${port}`, dns(), { timeoutSeconds: 0.5 });
    assert.equal(reasonOf(outcome), "query_timeout");
    assert.equal(outcome.facts.sections, undefined);
    assert.equal(outcome.facts.responseCode, undefined);
    assert.ok(outcome.facts.phases.request > 0);
  });

  test(`a caller who goes away while ${transport} is silent ends the probe`, async (t) => {
    const caller = new AbortController();
    const leave = (): void => caller.abort();
    const { port } =
      transport === "udp"
        ? await serveUdp(t, leave)
        : await serveStream(
            t,
            leave,
            transport === "tls" ? { tls: { key: site.key, cert: site.cert } } : {},
          );
    const outcome = await ask(`127.0.0.1:${port}`, dns(), { signal: caller.signal });
    assert.equal(reasonOf(outcome), "cancelled");
  });
}

test("the question is asked as the module says", async (t) => {
  const seen: Buffer[] = [];
  const target = await serve(t, "udp", (query) => {
    seen.push(query);
    return answerTo(query);
  });
  await ask(target, { query_name: "Www.Example.", query_type: "HTTPS", query_class: "CH" });
  await ask(target, { query_name: ".", recursion_desired: false });
  const [first, second] = seen;
  assert.deepEqual(
    first?.subarray(2),
    Buffer.concat([hex("0100 0001 0000 0000 0000"), question("Www.Example", 65, 3)]),
  );
  assert.deepEqual(second?.subarray(2), hex("0000 0001 0000 0000 0000 00 00ff 0001"));
});

test("every probe has an id and a port of its own", async (t) => {
  const ids = new Set<number>();
  const ports = new Set<number>();
  const { port } = await serveUdp(t, (query, send, from) => {
    ids.add(query.readUInt16BE(0));
    ports.add(from.port);
    send(answerTo(query));
  });
  const all = Array.from({ length: 20 }, () => ask(`127.0.0.1:${port}`));
  for (const outcome of await Promise.all(all)) assert.equal(detailOf(outcome), "succeeded");
  assert.ok(ids.size > 10 && ports.size > 10);
});

const serials: readonly { name: string; answer: readonly Buffer[]; want: number | undefined }[] = [
  { name: "its serial", answer: [SOA(4294967295)], want: 4294967295 },
  { name: "the serial of the last of several", answer: [SOA(1), SOA(2)], want: 2 },
  { name: "no serial where there is none", answer: [A(1)], want: undefined },
];

for (const { name: what, answer, want } of serials) {
  test(`a question for SOA gives ${what}`, async (t) => {
    const target = await serve(t, "udp", (query) => answerTo(query, { answer }));
    const { facts } = await ask(target, { query_type: "SOA" });
    assert.equal(facts.isSoaAsked, true);
    assert.equal(facts.soaSerial, want);
    assert.equal((await ask(target, { query_type: "ANY" })).facts.soaSerial, undefined);
  });
}

test("an answer that was truncated is taken as it is", async (t) => {
  const target = await serve(t, "udp", (query) =>
    answerTo(query, { flags: 0x8380, answer: [A(1)] }),
  );
  const outcome = await ask(target, {}, { isDebug: true });
  assert.equal(detailOf(outcome), "succeeded");
  assert.equal(outcome.facts.sections?.answer, 1);
  assert.equal(
    outcome.log.find(({ message }) => message === "Got response")?.fields["truncated"],
    true,
  );
});

test("a server is found by its name, and asked at the address that was found", async (t) => {
  const target = await serve(t, "udp", authoritative);
  const outcome = await ask(target.replace("127.0.0.1", "ns.example"));
  assert.equal(detailOf(outcome), "succeeded");
  assert.equal(outcome.address?.text, "127.0.0.1");
  assert.ok(outcome.facts.phases.resolve > 0);
  assert.equal(reasonOf(await ask("ns.invalid")), "dns_nxdomain");
});

test("questions leave from source_ip_address", async (t) => {
  const sources: string[] = [];
  const udp = await serveUdp(t, (query, send, from) => {
    sources.push(from.address);
    send(answerTo(query));
  });
  const tcp = await serveStream(t, (query, socket) => {
    sources.push(socket.remoteAddress ?? "");
    socket.write(framed(answerTo(query)));
  });
  const source = { source_ip_address: "127.0.0.9" };
  assert.equal(detailOf(await ask(`127.0.0.1:${udp.port}`, source)), "succeeded");
  const overTcp = { ...source, transport_protocol: "tcp" };
  assert.equal(detailOf(await ask(`127.0.0.1:${tcp.port}`, overTcp)), "succeeded");
  assert.deepEqual(sources, ["127.0.0.9", "127.0.0.9"]);
});

test("a source of the other family, or of another machine, cannot be asked from", async () => {
  for (const transport_protocol of ["udp", "tcp"]) {
    for (const source_ip_address of ["2001:db8::1", "192.0.2.77"]) {
      const outcome = await ask("127.0.0.1:9", { transport_protocol, source_ip_address });
      assert.equal(reasonOf(outcome), "connect_unreachable", source_ip_address);
    }
  }
});

test("the guard is asked about the address and port of the question, and its refusal is kept", async (t) => {
  let asked = 0;
  const { port } = await serveUdp(t, () => {
    asked += 1;
  });
  const hops: unknown[] = [];
  const outcome = await ask(
    `ns.example:${port}`,
    {},
    {
      tools: {
        guard: (hop) => {
          hops.push(hop);
          return { kind: "refused", rule: "deny", sentence: "denied" };
        },
      },
    },
  );
  assert.equal(reasonOf(outcome), "policy_refused");
  assert.equal(outcome.kind === "failed" && outcome.policyRule, "deny");
  assert.deepEqual(hops, [{ address: "127.0.0.1", port, host: "ns.example" }]);
  assert.equal(asked, 0);
});

test("nobody listening is connect_refused over UDP and TCP, before the deadline", async () => {
  // Port 9 (discard) of an address of loopback that nobody else uses.
  for (const transport_protocol of ["udp", "tcp"]) {
    const outcome = await ask("127.0.0.53:9", { transport_protocol });
    assert.equal(reasonOf(outcome), "connect_refused");
  }
});
