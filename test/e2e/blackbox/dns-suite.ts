import { DNS_PORTS, openDnsServers } from "./dns-zone.ts";
import { CLOSED_PORT, SILENT_V4 } from "./network.ts";
import type { ParityCase, ParitySuite } from "./parity-case.ts";

const CA = { ca_file: "@certificates/ca.pem" };
const SERVER = `127.0.0.1:${DNS_PORTS.plain}`;

function dns(
  query_name: string,
  options: Readonly<Record<string, unknown>> = {},
  timeout = "5s",
): Readonly<Record<string, unknown>> {
  return { prober: "dns", timeout, dns: { query_name, ...options } };
}

const QUESTIONS: readonly ParityCase[] = (
  [
    ["www.zone.test", "A", true],
    ["www.zone.test.", "A", true],
    ["WWW.Zone.Test", "A", true],
    ["www.zone.test", "ANY", true],
    ["six.zone.test", "AAAA", true],
    ["alias.zone.test", "A", true],
    ["zone.test", "SOA", true],
    ["soas.zone.test", "SOA", true],
    ["www.zone.test", "SOA", true],
    ["zone.test", "A", true],
    ["mail.zone.test", "MX", true],
    ["service.zone.test", "SRV", true],
    ["txt.zone.test", "TXT", true],
    ["many.zone.test", "A", true],
    ["empty.zone.test", "A", true],
    [".", "NS", true],
    ["missing.zone.test", "A", false],
    ["rcode-2.zone.test", "A", false],
    ["rcode-5.zone.test", "A", false],
    ["garbage.zone.test", "A", false],
    ["loop.zone.test", "A", false],
  ] as const
).flatMap(([name, type, succeeds]) =>
  (["udp", "tcp"] as const).map((transport) => ({
    name: `${type} of ${name} by ${transport}`,
    module: dns(name, { query_type: type, transport_protocol: transport }),
    target: SERVER,
    succeeds,
  })),
);

const CLASSES_AND_CODES: readonly ParityCase[] = [
  { name: "no type", module: dns("www.zone.test"), target: SERVER, succeeds: true },
  {
    name: "another class",
    module: dns("www.zone.test", { query_class: "CH", query_type: "TXT" }),
    target: SERVER,
    succeeds: true,
  },
  {
    name: "recursion that is wanted",
    module: dns("recursion.zone.test", { query_type: "A" }),
    target: SERVER,
    succeeds: true,
  },
  {
    name: "recursion that is not wanted",
    module: dns("recursion.zone.test", { query_type: "A", recursion_desired: false }),
    target: SERVER,
    succeeds: false,
  },
  ...(
    [
      [["NXDOMAIN"], "missing.zone.test", true],
      [["NXDOMAIN", "SERVFAIL"], "rcode-2.zone.test", true],
      [["NXDOMAIN"], "www.zone.test", false],
      [["REFUSED"], "rcode-5.zone.test", true],
      [["NOTIMP", "YXDOMAIN"], "rcode-6.zone.test", true],
    ] as const
  ).map(([codes, name, succeeds]) => ({
    name: `the codes ${codes.join(", ")} for ${name}`,
    module: dns(name, { query_type: "A", valid_rcodes: codes }),
    target: SERVER,
    succeeds,
  })),
];

type Rule = readonly [
  name: string,
  section: "answer" | "authority" | "additional",
  rule: string,
  regexps: readonly string[],
  succeeds: boolean,
];

const WWW = "www.zone.test.\\t60\\tIN\\tA\\t192.0.2";
const RULES: readonly Rule[] = [
  ["www", "answer", "fail_if_matches_regexp", [`${WWW}.2$`], false],
  ["www", "answer", "fail_if_matches_regexp", [`${WWW}.3$`], true],
  ["www", "answer", "fail_if_all_match_regexp", [`^${WWW}`], true],
  ["www", "answer", "fail_if_all_match_regexp", [`${WWW}.1$`], false],
  ["www", "answer", "fail_if_not_matches_regexp", [`${WWW}.[12]$`], true],
  ["www", "answer", "fail_if_not_matches_regexp", [`${WWW}.1$`], false],
  ["www", "answer", "fail_if_none_matches_regexp", [`${WWW}.2$`, "never"], true],
  ["www", "answer", "fail_if_none_matches_regexp", ["never"], false],
  [
    "www",
    "authority",
    "fail_if_not_matches_regexp",
    ["^zone.test.\\t60\\tIN\\tNS\\tns1.zone.test.$"],
    true,
  ],
  [
    "www",
    "additional",
    "fail_if_not_matches_regexp",
    ["(\\t192.0.2.53|\\tAAAA\\t2001:db8::53)$"],
    true,
  ],
  ["www", "additional", "fail_if_matches_regexp", ["AAAA"], false],
  ["empty", "answer", "fail_if_not_matches_regexp", ["."], false],
  ["empty", "answer", "fail_if_none_matches_regexp", ["."], false],
  ["empty", "answer", "fail_if_matches_regexp", ["."], true],
  ["empty", "answer", "fail_if_all_match_regexp", ["."], true],
  [
    "zone",
    "authority",
    "fail_if_not_matches_regexp",
    ["SOA\\tns1.zone.test. host\\\\.master.zone.test. 2026112101 7200 900 1209600 300$"],
    true,
  ],
  [
    "six",
    "answer",
    "fail_if_not_matches_regexp",
    ["\\tAAAA\\t(2001:db8::1|(::ffff:)?192.0.2.1)$"],
    true,
  ],
  ["alias", "answer", "fail_if_none_matches_regexp", ["\\t2147483647\\tIN\\tA\\t"], true],
  ["alias", "answer", "fail_if_none_matches_regexp", ["CNAME\\twww.zone.test.$"], true],
  ["mail", "answer", "fail_if_not_matches_regexp", ["\\tMX\\t10 mx.zone.test.$"], true],
  ["service", "answer", "fail_if_not_matches_regexp", ["\\tSRV\\t1 2 8080 www.zone.test.$"], true],
  ["caa", "answer", "fail_if_not_matches_regexp", ['\\tCAA\\t0 issue "ca.test"$'], true],
  ["ds", "answer", "fail_if_not_matches_regexp", ["\\tDS\\t1 8 2 (AB){32}$"], true],
  ["txt", "answer", "fail_if_not_matches_regexp", ['\\tTXT\\t"hello world"$'], true],
  ["txt2", "answer", "fail_if_not_matches_regexp", ['\\tTXT\\t"one" "two"$'], true],
  [
    "quoted",
    "answer",
    "fail_if_not_matches_regexp",
    ['\\tTXT\\t"say \\\\"hi\\\\"; \\\\\\\\o/"$'],
    true,
  ],
  [
    "bytes",
    "answer",
    "fail_if_not_matches_regexp",
    ['"\\\\000\\\\001\\\\009\\\\010\\\\127\\\\128\\\\255"$'],
    true,
  ],
  ["nothing", "answer", "fail_if_not_matches_regexp", ['\\tTXT\\t""$'], true],
  [
    "escaped",
    "answer",
    "fail_if_not_matches_regexp",
    ["PTR\\ta\\\\.b\\\\\\(c\\\\\\)\\\\;d\\\\233\\\\ e.zone.test.$"],
    true,
  ],
  ["odd", "answer", "fail_if_not_matches_regexp", ["\\tCLASS3\\tTYPE65280\\t\\\\# 2 cafe$"], true],
];

const VALIDATIONS: readonly ParityCase[] = RULES.map(
  ([name, section, rule, regexps, succeeds]) => ({
    name: `${rule} ${regexps.join(" and ")} of the ${section} to ${name}`,
    module: dns(`${name}${name === "zone" ? "" : ".zone"}.test`, {
      query_type: "A",
      [`validate_${section}_rrs`]: { [rule]: regexps },
    }),
    target: SERVER,
    succeeds,
  }),
);

const TARGETS: readonly ParityCase[] = [
  ...(
    [
      ["over IPv6", `[::1]:${DNS_PORTS.plain}`, {}, true],
      ["by name", `localhost:${DNS_PORTS.plain}`, {}, true],
      [
        "by its IPv4 name",
        `dual.parity.test:${DNS_PORTS.plain}`,
        { preferred_ip_protocol: "ip4" },
        true,
      ],
      [
        "of the wrong family",
        `127.0.0.1:${DNS_PORTS.plain}`,
        { preferred_ip_protocol: "ip6", ip_protocol_fallback: false },
        false,
      ],
      ["of an unknown name", `unknown.parity.test:${DNS_PORTS.plain}`, {}, false],
      ["without port", "127.0.0.1", {}, false],
      ["at a closed port", `127.0.0.1:${CLOSED_PORT}`, {}, false],
      ["at a closed port by tcp", `127.0.0.1:${CLOSED_PORT}`, { transport_protocol: "tcp" }, false],
      ["at a port that is none", "127.0.0.1:domains", {}, false],
      ["at a URL", `http://${SERVER}`, {}, false],
      ["with a source", SERVER, { source_ip_address: "127.0.0.2" }, true],
      [
        "with a source, by tcp",
        SERVER,
        { source_ip_address: "127.0.0.2", transport_protocol: "tcp" },
        true,
      ],
      ["with a source that is not ours", SERVER, { source_ip_address: "198.51.100.7" }, false],
    ] as const
  ).map(([name, target, options, succeeds]) => ({
    name: `a server ${name}`,
    module: dns("www.zone.test", { query_type: "A", ...options }),
    target,
    succeeds,
  })),
  ...(
    [
      ["silence", "silent.zone.test", SERVER, {}, false],
      ["silence by tcp", "silent.zone.test", SERVER, { transport_protocol: "tcp" }, false],
      ["a silent host", "www.zone.test", `${SILENT_V4}:53`, {}, false],
      ["an answer to another question", "forged.zone.test", SERVER, {}, false],
      ["an answer that was cut", "cut.zone.test", SERVER, {}, true],
      [
        "an answer that was cut, by tcp",
        "cut.zone.test",
        SERVER,
        { transport_protocol: "tcp" },
        true,
      ],
      ["a large answer by tcp", "large.zone.test", SERVER, { transport_protocol: "tcp" }, true],
      ["a large answer", "large.zone.test", SERVER, {}, false],
    ] as const
  ).map(([name, question, target, options, succeeds]) => ({
    name,
    module: dns(question, { query_type: "A", ...options }, "1s"),
    target,
    succeeds,
  })),
];

const SECURE: readonly ParityCase[] = (
  [
    ["a good certificate", DNS_PORTS.tls, CA, true],
    ["an unknown authority", DNS_PORTS.tls, {}, false],
    ["an expired certificate", DNS_PORTS.tlsExpired, CA, false],
    [
      "an expired certificate, not verified",
      DNS_PORTS.tlsExpired,
      { insecure_skip_verify: true },
      true,
    ],
    ["another name", DNS_PORTS.tls, { ...CA, server_name: "other.parity.test" }, false],
    ["no TLS at all", DNS_PORTS.plain, CA, false],
    ["a missing file", DNS_PORTS.tls, { ca_file: "@certificates/missing.pem" }, false],
  ] as const
).map(([name, port, tls_config, succeeds]) => ({
  name: `DNS over TLS with ${name}`,
  module: dns(
    "www.zone.test",
    { query_type: "A", dns_over_tls: true, transport_protocol: "tcp", tls_config },
    "2s",
  ),
  target: `127.0.0.1:${port}`,
  succeeds,
}));

export const DNS_SUITE: ParitySuite = {
  name: "dns",
  cases: [...QUESTIONS, ...CLASSES_AND_CODES, ...VALIDATIONS, ...TARGETS, ...SECURE],
  open: openDnsServers,
};
