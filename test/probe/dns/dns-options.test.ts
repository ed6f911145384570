import assert from "node:assert/strict";
import { test } from "node:test";
import { dnsOptions } from "../../../src/probe/dns/dns-options.ts";
import { moduleOptions } from "../../../src/probe/module.ts";

test("dnsOptions fill in what blackbox_exporter does", () => {
  const rules = {
    fail_if_matches_regexp: [],
    fail_if_all_match_regexp: [],
    fail_if_not_matches_regexp: [],
    fail_if_none_matches_regexp: [],
  };
  const { tls_config: _tls, ...options } = dnsOptions.parse({ query_name: "example.net" });
  assert.deepEqual(options, {
    query_name: "example.net",
    query_type: "ANY",
    query_class: "IN",
    recursion_desired: true,
    transport_protocol: "udp",
    dns_over_tls: false,
    source_ip_address: "",
    preferred_ip_protocol: "ip6",
    ip_protocol_fallback: true,
    valid_rcodes: ["NOERROR"],
    validate_answer_rrs: rules,
    validate_authority_rrs: rules,
    validate_additional_rrs: rules,
  });
});

test("dnsOptions read an empty text as blackbox_exporter does: as the default", () => {
  const options = dnsOptions.parse({
    query_name: ".",
    query_type: "",
    query_class: "",
    transport_protocol: "",
    source_ip_address: "",
  });
  assert.equal(options.query_type, "ANY");
  assert.equal(options.query_class, "IN");
  assert.equal(options.transport_protocol, "udp");
});

for (const query_type of ["A", "NSAP-PTR", "HTTPS", "AXFR", "None", "Reserved", "DLV"]) {
  test(`dnsOptions take the type ${query_type}`, () => {
    assert.equal(dnsOptions.parse({ query_name: "a", query_type }).query_type, query_type);
  });
}

const flaws: readonly { name: string; options: Record<string, unknown>; why: string }[] = [
  {
    name: "no name",
    options: { query_name: undefined },
    why: "expected the name to ask for, such as www.example.net",
  },
  {
    name: "an empty name",
    options: { query_name: "" },
    why: "must not be empty: write the name to ask for, or . for the root",
  },
  {
    name: "a name that cannot be asked for",
    options: { query_name: "a..b" },
    why: '"a..b" has an empty label: two dots in a row, or one at its start: write a name such as www.example.net',
  },
  {
    name: "an unknown type",
    options: { query_type: "X" },
    why: 'the text "X" is no type of record: write for example A, AAAA, MX or SOA',
  },
  {
    name: "a type in small letters",
    options: { query_type: "mx" },
    why: 'the text "mx" is no type of record: write MX in capitals',
  },
  {
    name: "a type that is a method of objects",
    options: { query_type: "constructor" },
    why: 'the text "constructor" is no type of record: write for example A, AAAA, MX or SOA',
  },
  {
    name: "an unknown class",
    options: { query_class: "X" },
    why: 'the text "X" is no class of records: write IN, CH, HS, CS, NONE or ANY',
  },
  {
    name: "an unknown response code",
    options: { valid_rcodes: ["NOERR"] },
    why: 'the text "NOERR" is no response code: write for example NOERROR or NXDOMAIN',
  },
  {
    name: "no response code at all",
    options: { valid_rcodes: [] },
    why: "is empty, so no answer is valid: write [NOERROR], or leave the key out",
  },
  {
    name: "another transport",
    options: { transport_protocol: "quic" },
    why: 'the text "quic" is no transport of DNS: write udp or tcp',
  },
  {
    name: "TLS over UDP",
    options: { dns_over_tls: true },
    why: "dns_over_tls needs TCP: write transport_protocol: tcp as well",
  },
  {
    name: "a source that is no address",
    options: { source_ip_address: "eth0" },
    why: 'the text "eth0" is not an IP address: write for example 192.0.2.1',
  },
];

for (const { name, options, why } of flaws) {
  test(`dnsOptions refuse ${name}`, () => {
    const parsed = dnsOptions.safeParse({ query_name: "example.net", ...options });
    assert.deepEqual(
      parsed.error?.issues.map(({ message }) => message),
      [why],
    );
  });
}

test("dnsOptions refuse a pattern that RE2 does not know", () => {
  const validate_answer_rrs = { fail_if_matches_regexp: ["(?=a)"] };
  const parsed = dnsOptions.safeParse({ query_name: "example.net", validate_answer_rrs });
  assert.match(parsed.error?.issues[0]?.message ?? "", /not a regular expression in RE2 syntax/);
});

test("a module of the prober dns needs a block dns, and no other does", () => {
  const parsed = moduleOptions.safeParse({ prober: "dns" });
  assert.match(parsed.error?.issues[0]?.message ?? "", /the prober dns needs a question/);
  assert.equal(moduleOptions.parse({ prober: "http" }).dns, undefined);
});
