import { http } from "./http-cases.ts";
import { HTTP_PORT, OTHER_HTTP_PORT } from "./http-server.ts";
import { CLOSED_PORT, SILENT_V4, SILENT_V6 } from "./network.ts";
import type { ParityCase } from "./parity-case.ts";
import { RAW_PORT } from "./raw-server.ts";

const V4 = `http://127.0.0.1:${HTTP_PORT}`;
const GET = http();
const SHORT = http({}, "1s");

/** Where a redirect leads, what the answer to it is, and whether that is a success. */
const REDIRECTS: readonly ParityCase[] = [
  ...(
    [
      ["a path", "/seen", true],
      ["a relative path", "seen?a=1", true],
      ["a path with dots", "/a/../seen", true],
      ["a query", "?location=/seen", true],
      ["a host without scheme", `//localhost:${HTTP_PORT}/seen`, true],
      ["another port", `http://127.0.0.1:${OTHER_HTTP_PORT}/seen`, true],
      ["a name", `http://localhost:${HTTP_PORT}/seen`, true],
      ["the other family", `http://[::1]:${HTTP_PORT}/seen`, true],
      ["a fragment", "/seen#part", true],
      ["a space", "/se en", true],
      ["other letters", "/caf\u00c3\u00a9", true],
      ["a user", `http://ann:secret@127.0.0.1:${HTTP_PORT}/seen`, true],
      ["another protocol", "ftp://127.0.0.1/", false],
      ["a closed port", `http://127.0.0.1:${CLOSED_PORT}/`, false],
      ["an unknown name", "http://unknown.parity.test/", false],
      ["no URL", "http://[half", false],
      ["an error", "/status/500", false],
      ["itself, once more", "/to?location=/to", true],
    ] as const
  ).map(([name, location, succeeds]) => ({
    name: `a redirect to ${name}`,
    module: GET,
    target: `${V4}/to?location=${encodeURIComponent(location)}`,
    succeeds,
  })),
  ...[301, 302, 303, 307, 308].map((code) => ({
    name: `a ${code} after a POST`,
    // No Content-Type: newer versions of Go drop it with the body.
    module: http({ method: "POST", body: "a body", headers: { "X-Type": "text/x" } }),
    target: `${V4}/to?location=/seen&code=${code}`,
    succeeds: true,
  })),
  ...[300, 304, 305, 306].map((code) => ({
    name: `a ${code} with a location`,
    module: GET,
    target: `${V4}/to?location=/seen&code=${code}`,
    succeeds: false,
  })),
  ...[301, 302, 307].map((code) => ({
    name: `a ${code} without a location`,
    module: GET,
    target: `${V4}/nowhere/${code}`,
    succeeds: false,
  })),
  {
    name: "a redirect after a HEAD",
    module: http({ method: "HEAD" }),
    target: `${V4}/to?location=/seen`,
    succeeds: true,
  },
  { name: "a redirect loop", module: GET, target: `${V4}/loop`, succeeds: false },
  { name: "ten redirects", module: GET, target: `${V4}/chain/10`, succeeds: true },
  { name: "eleven redirects", module: GET, target: `${V4}/chain/11`, succeeds: false },
  {
    name: "a redirect that is not followed",
    module: http({ follow_redirects: false }),
    target: `${V4}/to?location=/seen`,
    succeeds: false,
  },
  {
    name: "a redirect that is not followed and allowed",
    module: http({ no_follow_redirects: true, valid_status_codes: [302] }),
    target: `${V4}/to?location=/seen`,
    succeeds: true,
  },
  {
    name: "a body rule on a redirect that is not followed",
    module: http({
      no_follow_redirects: true,
      valid_status_codes: [302],
      fail_if_body_not_matches_regexp: ["x"],
    }),
    target: `${V4}/to?location=/seen`,
    succeeds: false,
  },
  { name: "a cookie over a redirect", module: GET, target: `${V4}/cookie-then`, succeeds: true },
  {
    name: "a cookie of the module and one of a redirect",
    module: http({ headers: { Cookie: "own=1" } }),
    target: `${V4}/cookie-then`,
    succeeds: true,
  },
  {
    name: "headers and credentials over a redirect to the same host",
    module: http({ headers: { Host: "vhost.example.test", "X-A": "1" }, bearer_token: "tasty" }),
    target: `${V4}/to?location=/seen`,
    succeeds: true,
  },
  {
    name: "headers over a redirect to another host",
    module: http({ headers: { Host: "vhost.example.test", Authorization: "x", Cookie: "own=1" } }),
    target: `${V4}/to?location=${encodeURIComponent(`http://localhost:${HTTP_PORT}/seen`)}`,
    succeeds: true,
  },
  {
    name: "credentials over a redirect to another host",
    differs: "credentials over a redirect to another host",
    module: http({ bearer_token: "tasty" }),
    target: `${V4}/to?location=${encodeURIComponent(`http://localhost:${HTTP_PORT}/seen`)}`,
    succeeds: true,
  },
];

/** A target, as it is written; the host is there unless the name says otherwise. */
const TARGETS: readonly ParityCase[] = [
  ...(
    [
      ["without scheme", `127.0.0.1:${HTTP_PORT}/seen`, true],
      ["without path", `127.0.0.1:${HTTP_PORT}`, true],
      ["with a query", `${V4}/seen?a=1&b=2%20`, true],
      ["with a query and no path", `${V4}?a=1`, true],
      ["with an empty query", `${V4}/seen?`, true],
      ["with a fragment", `${V4}/seen#part`, true],
      ["with dots in its path", `${V4}/a/../seen/./b`, true],
      ["with an escaped slash", `${V4}/a%2Fb`, true],
      ["with an escaped letter", `${V4}/%61`, true],
      ["with a space", `${V4}/a b`, true],
      ["with other letters", `${V4}/caf\u00e9`, true],
      ["with marks", `${V4}/a|b^c"d\`e{f}<g>?a|b^c"d'e{f}`, true],
      ["with a backslash", `${V4}/a\\b`, true],
      ["with two slashes", `${V4}//seen`, true],
      ["with a user", `http://ann:se%20cret@127.0.0.1:${HTTP_PORT}/seen`, true],
      ["with a user alone", `http://ann@127.0.0.1:${HTTP_PORT}/seen`, true],
      ["that is a name of both families", `http://dual.parity.test:${HTTP_PORT}/seen`, true],
      ["that is localhost", `http://localhost:${HTTP_PORT}/seen`, true],
      ["that is a name in capitals", `http://DUAL.parity.test:${HTTP_PORT}/seen`, true],
      ["that is a name with a dot at its end", `http://dual.parity.test.:${HTTP_PORT}/seen`, true],
      ["that is a name of the name server", `http://served.parity.test:${HTTP_PORT}/seen`, true],
      ["that is an alias", `http://alias.parity.test:${HTTP_PORT}/seen`, true],
      ["that is an IPv4-mapped address", `http://[::ffff:127.0.0.1]:${HTTP_PORT}/seen`, true],
      ["that is an unknown name", "http://unknown.parity.test/", false],
      ["that is a name the server fails for", "http://broken.parity.test/", false],
      ["that is a name without addresses", "http://empty.parity.test/", false],
      ["that is a short form of an address", `http://127.1:${HTTP_PORT}/seen`, false],
      ["that is a number", `http://2130706433:${HTTP_PORT}/seen`, false],
      ["that is a hexadecimal number", `http://0x7f000001:${HTTP_PORT}/seen`, false],
      ["that is an octal address", `http://0177.0.0.1:${HTTP_PORT}/seen`, false],
      ["with an empty port", "http://127.0.0.1:/seen", false],
      ["with port 0", "http://127.0.0.1:0/seen", false],
      ["with a port too high", "http://127.0.0.1:99999/seen", false],
      ["with a port that is none", "http://127.0.0.1:http/seen", false],
      ["with half a bracket", "http://[::1/seen", false],
      ["with an escape that is none", `${V4}/%zz`, false],
      ["that is a scheme alone", "http://", false],
      ["that is a path alone", "/seen", false],
      ["with a space in its host", "http://127.0.0.1 x/", false],
      ["of another protocol", "ftp://127.0.0.1/", false],
      ["whose port is closed", `http://127.0.0.1:${CLOSED_PORT}/`, false],
      ["whose port is closed over IPv6", `http://[::1]:${CLOSED_PORT}/`, false],
      ["that cannot be reached", "http://198.51.100.1/", false],
    ] as const
  ).map(([name, target, succeeds]) => ({
    name: `a target ${name}`,
    module: GET,
    target,
    succeeds,
  })),
  { name: "a host that is silent", module: SHORT, target: `http://${SILENT_V4}/`, succeeds: false },
  {
    name: "a host that is silent over IPv6",
    module: SHORT,
    target: `http://[${SILENT_V6}]/`,
    succeeds: false,
  },
  {
    name: "a name server that is silent",
    module: SHORT,
    target: "http://silent.parity.test/",
    succeeds: false,
  },
];

/** Which address of a name is taken. */
const FAMILIES: readonly ParityCase[] = (
  [
    ["dual", "ip4", true, true],
    ["dual", "ip6", true, true],
    ["dual", "ip4", false, true],
    ["dual", "ip6", false, true],
    ["dual", "any", true, true],
    ["dual", "", true, true],
    ["four", "ip4", false, true],
    ["four", "ip6", true, true],
    ["four", "ip6", false, false],
    ["six", "ip6", false, true],
    ["six", "ip4", true, true],
    ["six", "ip4", false, false],
  ] as const
).flatMap(([name, preferred, isFallback, succeeds]) => {
  const options = { preferred_ip_protocol: preferred, ip_protocol_fallback: isFallback };
  const literal = { dual: "localhost", four: "127.0.0.1", six: "[::1]" }[name];
  const told = `preferring ${preferred || "nothing"}, ${isFallback ? "with" : "without"} fallback`;
  return [
    {
      name: `${name}.parity.test ${told}`,
      module: http(options),
      target: `http://${name}.parity.test:${HTTP_PORT}/text`,
      succeeds,
    },
    {
      name: `${literal} ${told}`,
      module: http(options),
      target: `http://${literal}:${HTTP_PORT}/text`,
      succeeds,
    },
  ];
});

/** Answers that no well-behaved server gives. */
const RAW: readonly ParityCase[] = (
  [
    ["http-1.0", true],
    ["http-1.0-length", true],
    ["no-length", true],
    ["no-reason", true],
    ["odd-reason", true],
    ["unknown-status", true],
    ["status-600", false],
    ["status-999", false],
    ["continue", true],
    ["early-hints", true],
    ["folded", true],
    ["latin", true],
    ["nothing", false],
    ["garbage", false],
    ["half-head", false],
    ["too-short", false],
    ["too-long", true],
    ["two-lengths", false],
    ["same-lengths", true],
    ["bad-length", false],
    ["bad-chunk", false],
    ["cut-chunk", false],
    ["trailers", true],
    ["both-lengths", true],
    ["newlines-only", true],
    ["http-0.9", false],
    ["http-1.2", true],
    ["http-2.0", true],
    ["upgrade", false],
    ["204-with-body", true],
    ["redirect-with-body", true],
    ["spaced-name", true],
    ["large-head", true],
  ] as const
).map(([path, succeeds]) => ({
  name: `the answer ${path}`,
  module: GET,
  target: `http://127.0.0.1:${RAW_PORT}/${path}`,
  succeeds,
}));

export const HTTP_TARGET_CASES: readonly ParityCase[] = [
  ...REDIRECTS,
  ...TARGETS,
  ...FAMILIES,
  ...RAW,
];
