import { http } from "./http-cases.ts";
import { HTTP_PORT, LARGE_BYTES } from "./http-server.ts";
import type { ParityCase } from "./parity-case.ts";

const V4 = `http://127.0.0.1:${HTTP_PORT}`;
const GET = http();

const BODIES: readonly ParityCase[] = [
  ...(
    [
      ["fail_if_body_matches_regexp", ["hello"], false],
      ["fail_if_body_matches_regexp", ["Hello", "bye"], true],
      ["fail_if_body_not_matches_regexp", ["h.llo", "world\\s$"], true],
      ["fail_if_body_not_matches_regexp", ["hello", "bye"], false],
      ["fail_if_body_not_matches_regexp", ["(?i)HELLO"], true],
      ["fail_if_body_not_matches_regexp", ["^world"], false],
      ["fail_if_body_not_matches_regexp", ["(?m)^hello world$"], true],
      ["fail_if_body_not_matches_regexp", ["\\bworld\\b"], true],
    ] as const
  ).map(([rule, regexps, succeeds]) => ({
    name: `${rule}: ${regexps.join(" ")}`,
    module: http({ [rule]: regexps }),
    target: `${V4}/text`,
    succeeds,
  })),
  {
    name: "a body rule where the status has failed already",
    module: http({ fail_if_body_matches_regexp: ["hello"] }),
    target: `${V4}/status/500`,
    succeeds: false,
  },
  {
    name: "a body above its limit",
    module: http({ body_size_limit: "1MB" }),
    target: `${V4}/large`,
    succeeds: false,
  },
  {
    name: "a body above its limit, with a rule",
    module: http({ body_size_limit: "1KB", fail_if_body_matches_regexp: ["y"] }),
    target: `${V4}/large`,
    succeeds: false,
  },
  {
    name: "a body of just its limit",
    module: http({ body_size_limit: `${LARGE_BYTES}B` }),
    target: `${V4}/large`,
    succeeds: true,
  },
  {
    name: "a limit one byte too low",
    module: http({ body_size_limit: "11B" }),
    target: `${V4}/text`,
    succeeds: false,
  },
];

const HEADER_RULES: readonly ParityCase[] = (
  [
    ["fail_if_header_matches", { header: "X-A", regexp: "1" }, "x-a=1", false],
    ["fail_if_header_matches", { header: "x-a", regexp: "2" }, "x-a=1", true],
    ["fail_if_header_matches", { header: "X-A", regexp: "2" }, "x-a=1&x-a=2", false],
    ["fail_if_header_matches", { header: "X-A", regexp: "2" }, "", false],
    ["fail_if_header_matches", { header: "X-A", regexp: "2", allow_missing: true }, "", true],
    ["fail_if_header_not_matches", { header: "X-A", regexp: "2" }, "x-a=1&x-a=2", true],
    ["fail_if_header_not_matches", { header: "X-A", regexp: "3" }, "x-a=1&x-a=2", false],
    ["fail_if_header_not_matches", { header: "X-A", regexp: "2" }, "", false],
    ["fail_if_header_not_matches", { header: "X-A", regexp: "2", allow_missing: true }, "", true],
  ] as const
).map(([rule, spec, headers, succeeds], at) => ({
  name: `${rule}, ${at}: ${JSON.stringify(spec)} of ${headers || "no header"}`,
  module: http({ [rule]: [spec] }),
  target: `${V4}/headers?${headers}`,
  succeeds,
}));

const COMPRESSION: readonly ParityCase[] = (
  [
    ["gzip", "gzip", true],
    ["br", "br", true],
    ["deflate", "deflate", true],
    ["identity", "identity", true],
    ["GZIP", "gzip", true],
    ["gzip", "cut", false],
    ["gzip", "wrong", false],
    ["gzip", "nothing", false],
    ["br", "wrong", false],
    ["deflate", "wrong", false],
    ["gzip", "br", false],
  ] as const
).map(([compression, path, succeeds]) => ({
  name: `compression ${compression} of a body that is ${path}`,
  module: http({ compression, headers: { "Accept-Encoding": compression } }),
  target: `${V4}/encoded/${path}`,
  succeeds,
}));

const MORE_COMPRESSION: readonly ParityCase[] = [
  {
    name: "a compressed body that is not undone",
    module: GET,
    target: `${V4}/encoded/gzip`,
    succeeds: true,
  },
  {
    name: "a rule on a body that is undone",
    module: http({ compression: "gzip", fail_if_body_not_matches_regexp: ["hello"] }),
    target: `${V4}/encoded/gzip`,
    succeeds: true,
  },
  {
    name: "a limit on a body that is undone",
    module: http({ compression: "gzip", body_size_limit: "1KB" }),
    target: `${V4}/encoded/gzip`,
    succeeds: false,
  },
  {
    name: "compression where the status has failed already",
    module: http({ compression: "gzip" }),
    target: `${V4}/status/500`,
    succeeds: false,
  },
];

/** What is asked of bodies and headers, and what is undone before. */
export const HTTP_CONTENT_CASES: readonly ParityCase[] = [
  ...BODIES,
  ...HEADER_RULES,
  ...COMPRESSION,
  ...MORE_COMPRESSION,
];
