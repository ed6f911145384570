import { http } from "./http-cases.ts";
import { HTTP_PORT } from "./http-server.ts";
import type { ParityCase } from "./parity-case.ts";
import { TLS_PORTS } from "./tls-servers.ts";

const CA = { ca_file: "@certificates/ca.pem" };
const CLIENT = {
  ...CA,
  cert_file: "@certificates/client.pem",
  key_file: "@certificates/client.key",
};
const TRUSTING = http({ tls_config: CA });
const SKIPPING = http({ tls_config: { insecure_skip_verify: true } });

function at(server: keyof typeof TLS_PORTS, path = "/text", host = "127.0.0.1"): string {
  return `https://${host}:${TLS_PORTS[server]}${path}`;
}

const CERTIFICATES: readonly ParityCase[] = [
  { name: "a good certificate", module: TRUSTING, target: at("good"), succeeds: true },
  {
    name: "a good certificate by its name",
    module: TRUSTING,
    target: at("good", "/text", "good.parity.test"),
    succeeds: true,
  },
  { name: "a chain with its root", module: TRUSTING, target: at("chain"), succeeds: true },
  {
    name: "an unknown authority",
    module: http(),
    target: at("good"),
    succeeds: false,
    isUnverified: true,
  },
  ...(["other", "nameless", "expired", "early", "self", "rsa"] as const).flatMap((server) => [
    {
      name: `the certificate "${server}"`,
      module: TRUSTING,
      target: at(server),
      succeeds: false,
      isUnverified: true,
    },
    {
      name: `the certificate "${server}", not verified`,
      module: SKIPPING,
      target: at(server),
      succeeds: true,
    },
  ]),
  {
    name: "a self-signed certificate that is trusted",
    module: http({ tls_config: { ca_file: "@certificates/self.pem" } }),
    target: at("self"),
    succeeds: true,
  },
  {
    name: "a name that only the common name has",
    module: http({ tls_config: { ...CA, server_name: "127.0.0.1" } }),
    target: at("nameless"),
    succeeds: false,
    isUnverified: true,
  },
];

const NAMES: readonly ParityCase[] = [
  {
    name: "a server name",
    module: http({ tls_config: { ...CA, server_name: "other.parity.test" } }),
    target: at("other"),
    succeeds: true,
  },
  {
    name: "a server name from the Host header",
    module: http({ headers: { Host: "other.parity.test" }, tls_config: CA }),
    target: at("other", "/seen"),
    succeeds: true,
  },
  {
    name: "a server name from the parameter hostname",
    module: TRUSTING,
    target: at("other", "/seen"),
    query: { hostname: "other.parity.test" },
    succeeds: true,
  },
  {
    name: "a server name beside the parameter hostname",
    module: http({ tls_config: { ...CA, server_name: "other.parity.test" } }),
    target: at("other", "/seen"),
    query: { hostname: "vhost.parity.test" },
    succeeds: true,
  },
  {
    name: "the name of the wrong host",
    module: TRUSTING,
    target: at("other", "/text", "four.parity.test"),
    succeeds: false,
    isUnverified: true,
  },
];

const CLIENTS: readonly ParityCase[] = (["client", "clientOld"] as const).flatMap((server) => [
  {
    name: `a client certificate that is there (${server})`,
    module: http({ tls_config: CLIENT }),
    target: at(server),
    succeeds: true,
  },
  {
    name: `a client certificate that is missing (${server})`,
    module: TRUSTING,
    target: at(server),
    succeeds: false,
    isUnverified: true,
  },
  {
    name: `a client certificate of the wrong authority (${server})`,
    module: http({
      tls_config: {
        ...CA,
        cert_file: "@certificates/self.pem",
        key_file: "@certificates/self.key",
      },
    }),
    target: at(server),
    succeeds: false,
    isUnverified: true,
  },
]);

const VERSIONS: readonly ParityCase[] = [
  { name: "TLS 1.2", module: TRUSTING, target: at("old"), succeeds: true },
  {
    name: "TLS 1.2 where 1.3 is wanted",
    module: http({ tls_config: { ...CA, min_version: "TLS13" } }),
    target: at("old"),
    succeeds: false,
  },
  {
    name: "TLS that is refused and there",
    module: http({ tls_config: CA, fail_if_ssl: true }),
    target: at("good"),
    succeeds: false,
  },
  {
    name: "TLS that is wanted and there",
    module: http({ tls_config: CA, fail_if_not_ssl: true }),
    target: at("good"),
    succeeds: true,
  },
  {
    name: "TLS to a server without",
    module: TRUSTING,
    target: `https://127.0.0.1:${HTTP_PORT}/text`,
    succeeds: false,
  },
  {
    name: "no TLS to a server with",
    module: http(),
    target: `http://127.0.0.1:${TLS_PORTS.good}/text`,
    succeeds: false,
  },
  {
    name: "a missing file of the authority",
    module: http({ tls_config: { ca_file: "@certificates/missing.pem" } }),
    target: at("good"),
    succeeds: false,
  },
  {
    name: "a missing client certificate file",
    module: http({
      tls_config: {
        ...CA,
        cert_file: "@certificates/missing.pem",
        key_file: "@certificates/missing.key",
      },
    }),
    target: at("client"),
    succeeds: false,
  },
  {
    name: "a missing file of the authority without TLS",
    module: http({ tls_config: { ca_file: "@certificates/missing.pem" } }),
    target: `http://127.0.0.1:${HTTP_PORT}/text`,
    succeeds: false,
  },
];

const HTTP2: readonly ParityCase[] = [
  { name: "HTTP/2", module: TRUSTING, target: at("http2"), succeeds: true },
  { name: "HTTP/2, empty", module: TRUSTING, target: at("http2", "/empty"), succeeds: true },
  {
    name: "HTTP/2, status 404",
    module: TRUSTING,
    target: at("http2", "/status/404"),
    succeeds: false,
  },
  {
    name: "HTTP/2, status 204",
    module: TRUSTING,
    target: at("http2", "/status/204"),
    succeeds: true,
  },
  {
    name: "HTTP/2, status 304",
    module: TRUSTING,
    target: at("http2", "/status/304"),
    succeeds: false,
  },
  { name: "HTTP/2, large", module: TRUSTING, target: at("http2", "/large"), succeeds: true },
  {
    name: "HTTP/2, without length",
    module: TRUSTING,
    target: at("http2", "/chunked"),
    succeeds: true,
  },
  {
    name: "HTTP/2, HEAD",
    module: http({ tls_config: CA, method: "HEAD" }),
    target: at("http2", "/large"),
    succeeds: true,
  },
  {
    name: "HTTP/2 that is switched off",
    module: http({ tls_config: CA, enable_http2: false }),
    target: at("http2"),
    succeeds: true,
  },
  {
    name: "HTTP/2 where HTTP/1.1 is wanted",
    module: http({ tls_config: CA, valid_http_versions: ["HTTP/1.1"] }),
    target: at("http2"),
    succeeds: false,
  },
  {
    name: "HTTP/2, a POST",
    module: http({ tls_config: CA, method: "POST", body: "a body" }),
    target: at("http2", "/seen"),
    succeeds: true,
  },
  {
    name: "HTTP/2, a redirect",
    module: TRUSTING,
    target: at("http2", "/to?location=/text"),
    succeeds: true,
  },
  {
    name: "HTTP/2, a body rule",
    module: http({ tls_config: CA, fail_if_body_not_matches_regexp: ["world"] }),
    target: at("http2"),
    succeeds: true,
  },
  {
    name: "HTTP/2, a silent server",
    module: http({ tls_config: CA }, "1s"),
    target: at("http2", "/silent"),
    succeeds: false,
    isUnverified: true,
  },
];

const REDIRECTS: readonly ParityCase[] = (
  [
    ["from http to https", `http://127.0.0.1:${HTTP_PORT}`, at("good"), true],
    ["from https to http", at("good", ""), `http://127.0.0.1:${HTTP_PORT}/text`, true],
    ["from https to https", at("good", ""), "/text", true],
    ["to another server", at("good", ""), at("http2"), true],
    ["to another name", at("good", ""), at("good", "/text", "good.parity.test"), true],
    ["to an expired certificate", at("good", ""), at("expired"), false],
  ] as const
).map(([name, from, to, succeeds]) => ({
  name: `a redirect ${name}`,
  module: TRUSTING,
  target: `${from}/to?location=${encodeURIComponent(to)}`,
  succeeds,
  isUnverified: !succeeds,
}));

const REDIRECTED_NAMES: readonly ParityCase[] = [
  {
    name: "a server name that is not for the host a redirect leads to",
    module: http({ tls_config: { ...CA, server_name: "other.parity.test" } }),
    target: `${at("other", "")}/to?location=${encodeURIComponent(at("good"))}`,
    succeeds: true,
  },
];

export const HTTP_TLS_CASES: readonly ParityCase[] = [
  ...CERTIFICATES,
  ...NAMES,
  ...CLIENTS,
  ...VERSIONS,
  ...HTTP2,
  ...REDIRECTS,
  ...REDIRECTED_NAMES,
];
