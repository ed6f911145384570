import { CLOSED_PORT, SILENT_V4, SILENT_V6 } from "./network.ts";
import type { ParityCase, ParitySuite } from "./parity-case.ts";
import { openTcpServers, TCP_PORTS } from "./tcp-servers.ts";

const CA = { ca_file: "@certificates/ca.pem" };
const SKIP = { insecure_skip_verify: true };

type Exchange = {
  readonly expect?: string;
  readonly send?: string;
  readonly starttls?: boolean;
};

function tcp(
  options: Readonly<Record<string, unknown>> = {},
  timeout = "5s",
): Readonly<Record<string, unknown>> {
  return { prober: "tcp", timeout, tcp: options };
}

function talking(query_response: readonly Exchange[], options: object = {}, timeout = "5s") {
  return tcp({ query_response, ...options }, timeout);
}

function at(server: keyof typeof TCP_PORTS, host = "127.0.0.1"): string {
  return `${host}:${TCP_PORTS[server]}`;
}

const CONNECTIONS: readonly ParityCase[] = [
  ...(
    [
      ["127.0.0.1", at("silent"), true],
      ["::1", at("silent", "[::1]"), true],
      ["localhost", at("silent", "localhost"), true],
      ["a name", at("silent", "served.parity.test"), true],
      ["a mapped address", at("silent", "[::ffff:127.0.0.1]"), true],
      ["an unknown name", at("silent", "unknown.parity.test"), false],
      ["a short form", at("silent", "127.1"), false],
      ["a closed port", `127.0.0.1:${CLOSED_PORT}`, false],
      ["a closed port over IPv6", `[::1]:${CLOSED_PORT}`, false],
      ["no port", "127.0.0.1", false],
      ["an empty port", "127.0.0.1:", false],
      ["a port that is none", "127.0.0.1:nothing", false],
      ["a port too high", "127.0.0.1:70000", false],
      ["a named port", "127.0.0.1:discard", false],
      ["no host", `:${TCP_PORTS.silent}`, false],
      ["IPv6 without brackets", `::1:${TCP_PORTS.silent}`, false],
      ["IPv6 without port", "[::1]", false],
      ["a URL", `http://127.0.0.1:${TCP_PORTS.silent}`, false],
      ["an unreachable network", "198.51.100.1:80", false],
      ["a server that closes at once", at("closing"), true],
    ] as const
  ).map(([name, target, succeeds]) => ({
    name: `a connection to ${name}`,
    module: tcp(),
    target,
    succeeds,
  })),
  {
    name: "a connection to a silent host",
    module: tcp({}, "1s"),
    target: `${SILENT_V4}:80`,
    succeeds: false,
  },
  {
    name: "a connection to a silent host over IPv6",
    module: tcp({}, "1s"),
    target: `[${SILENT_V6}]:80`,
    succeeds: false,
  },
  ...(
    [
      ["four.parity.test", "ip6", true, true],
      ["four.parity.test", "ip6", false, false],
      ["127.0.0.1", "ip6", false, false],
      ["dual.parity.test", "ip4", false, true],
    ] as const
  ).map(([host, preferred, isFallback, succeeds]) => ({
    name: `a connection to ${host} preferring ${preferred}, ${isFallback ? "with" : "without"} fallback`,
    module: tcp({ preferred_ip_protocol: preferred, ip_protocol_fallback: isFallback }),
    target: at("silent", host),
    succeeds,
  })),
  {
    name: "a source address",
    module: tcp({ source_ip_address: "127.0.0.2" }),
    target: at("silent"),
    succeeds: true,
  },
  {
    name: "a source address that is not ours",
    module: tcp({ source_ip_address: "198.51.100.7" }),
    target: at("silent"),
    succeeds: false,
  },
  {
    name: "a source address of the other family",
    module: tcp({ source_ip_address: "::1" }),
    target: at("silent"),
    succeeds: false,
  },
];

const DIALOGUES: readonly ParityCase[] = [
  {
    name: "a greeting",
    module: talking([{ expect: "^SSH-2.0-" }, { send: "SSH-2.0-check" }]),
    target: at("ssh"),
    succeeds: true,
  },
  {
    name: "a greeting that is another",
    module: talking([{ expect: "^HTTP/" }], {}, "1s"),
    target: at("ssh"),
    succeeds: false,
  },
  {
    name: "a greeting that never comes",
    module: talking([{ expect: "^HTTP/" }], {}, "1s"),
    target: at("silent"),
    succeeds: false,
  },
  {
    name: "a greeting from one that closes",
    module: talking([{ expect: "." }]),
    target: at("closing"),
    succeeds: false,
  },
  {
    name: "words in turn, with one taken over",
    module: talking([
      { send: "NICK prober" },
      { send: "USER prober prober prober :prober" },
      { expect: "PING :([^ ]+)", send: "PONG ${1}" },
      { expect: "^:[^ ]+ 001" },
    ]),
    target: at("irc"),
    succeeds: true,
  },
  ...(
    [
      ["<$1x>", "^<>$"],
      ["${1}x", "^bx$"],
      ["$0", "^abc$"],
      ["${0}$0", "^abcabc$"],
      ["$$1", "^\\$1$"],
      ["${name}", "^c$"],
      ["$name.", "^c\\.$"],
      ["$2", "^c$"],
      ["$9!", "^!$"],
      ["${", "^\\$\\{$"],
      ["a$", "^a\\$$"],
      ["$ 1", "^\\$ 1$"],
      ["${1", "^\\$\\{1$"],
    ] as const
  ).map(([send, expect]) => ({
    name: `the expansion of ${send}`,
    module: talking([{ send: "abc" }, { expect: "a(b)(?P<name>c)", send }, { expect }]),
    target: at("echo"),
    succeeds: true,
  })),
  {
    name: "an empty group",
    module: talking([
      { send: "ab" },
      { expect: "a(x)?(b)", send: "<${1}|${2}>" },
      { expect: "^<\\|b>$" },
    ]),
    target: at("echo"),
    succeeds: true,
  },
  {
    name: "a line that never ends",
    module: talking([{ expect: "y" }]),
    target: at("endless"),
    succeeds: false,
  },
  {
    name: "bytes that are no text",
    module: talking([{ expect: "AB" }]),
    target: at("binary"),
    succeeds: true,
  },
  {
    name: "an anchor at the end of a line",
    module: talking([{ expect: "^AB$" }]),
    target: at("binary"),
    succeeds: true,
  },
];

const STARTTLS: readonly Exchange[] = [
  { expect: "^220 ([^ ]+) ESMTP", send: "EHLO prober" },
  { expect: "^250[ -]STARTTLS" },
  { send: "STARTTLS" },
  { expect: "^220" },
  { starttls: true },
  { send: "EHLO prober" },
  { expect: "^250-SIZE" },
  { send: "QUIT" },
];
const IMAP: readonly Exchange[] = [
  { expect: "OK.*STARTTLS", send: "a1 STARTTLS" },
  { expect: "^a1 OK" },
  { starttls: true },
  { send: "a2 CAPABILITY" },
  { expect: "AUTH=PLAIN" },
];

const TLS: readonly ParityCase[] = [
  ...(
    [
      ["SMTP with STARTTLS", "smtp", STARTTLS, CA, true],
      ["SMTP with STARTTLS, not verified", "smtp", STARTTLS, SKIP, true],
      ["SMTP with STARTTLS of an unknown authority", "smtp", STARTTLS, {}, false],
      [
        "SMTP with STARTTLS of another name",
        "smtp",
        STARTTLS,
        { ...CA, server_name: "other.parity.test" },
        false,
      ],
      ["IMAP with STARTTLS, expired", "imap", IMAP, CA, false],
      ["IMAP with STARTTLS, expired and not verified", "imap", IMAP, SKIP, true],
    ] as const
  ).map(([name, server, dialogue, tls_config, succeeds]) => ({
    name,
    module: talking(dialogue, { tls_config }),
    target: at(server),
    succeeds,
    isUnverified: !succeeds,
  })),
  {
    name: "STARTTLS with one that speaks no TLS",
    module: talking([{ expect: "SSH" }, { starttls: true }], { tls_config: CA }, "1s"),
    target: at("ssh"),
    succeeds: false,
  },
  ...(
    [
      ["a good certificate", "pop3s", { tls_config: CA }, true],
      ["an unknown authority", "pop3s", {}, false],
      ["a certificate that is not verified", "pop3s", { tls_config: SKIP }, true],
      ["an expired certificate", "pop3sExpired", { tls_config: CA }, false],
      ["an expired certificate, not verified", "pop3sExpired", { tls_config: SKIP }, true],
      ["a server name", "pop3s", { tls_config: { ...CA, server_name: "good.parity.test" } }, true],
      [
        "a server name that is another",
        "pop3s",
        { tls_config: { ...CA, server_name: "other.parity.test" } },
        false,
      ],
      [
        "a missing file of the authority",
        "pop3s",
        { tls_config: { ca_file: "@certificates/missing.pem" } },
        false,
      ],
      [
        "a client certificate",
        "asking",
        {
          tls_config: {
            ...CA,
            cert_file: "@certificates/client.pem",
            key_file: "@certificates/client.key",
          },
        },
        true,
      ],
      ["a client certificate that is missing", "asking", { tls_config: CA }, false],
    ] as const
  ).map(([name, server, options, succeeds]) => ({
    name: `TLS with ${name}`,
    module: talking([{ expect: "^\\+OK" }], { tls: true, ...options }),
    target: at(server),
    succeeds,
    isUnverified: !succeeds,
  })),
  {
    name: "TLS with one that speaks none",
    module: tcp({ tls: true, tls_config: CA }),
    target: at("ssh"),
    succeeds: false,
  },
  {
    name: "TLS with one that is silent",
    module: tcp({ tls: true, tls_config: CA }, "1s"),
    target: at("silent"),
    succeeds: false,
  },
];

export const TCP_SUITE: ParitySuite = {
  name: "tcp",
  cases: [...CONNECTIONS, ...DIALOGUES, ...TLS],
  open: openTcpServers,
};
