import { HTTP_PORT } from "./http-server.ts";
import type { ParityCase } from "./parity-case.ts";

const V4 = `http://127.0.0.1:${HTTP_PORT}`;
const V6 = `http://[::1]:${HTTP_PORT}`;
const SEEN = `${V4}/seen`;
const TIMEOUT = "1s";

/** A module of the prober http. */
export function http(
  options: Readonly<Record<string, unknown>> = {},
  timeout = "10s",
): Readonly<Record<string, unknown>> {
  return { prober: "http", timeout, http: options };
}

const GET = http();

const ANSWERS: readonly ParityCase[] = [
  { name: "a text", module: GET, target: `${V4}/text`, succeeds: true },
  { name: "a text over IPv6", module: GET, target: `${V6}/text`, succeeds: true },
  { name: "an empty body", module: GET, target: `${V4}/empty`, succeeds: true },
  { name: "a chunked body", module: GET, target: `${V4}/chunked`, succeeds: true },
  { name: "a large body", module: GET, target: `${V4}/large`, succeeds: true },
  ...[201, 204, 299, 300, 304, 400, 404, 500, 503].map((status) => ({
    name: `status ${status}`,
    module: GET,
    target: `${V4}/status/${status}`,
    succeeds: status < 300,
  })),
  {
    name: "a status that is allowed",
    module: http({ valid_status_codes: [404, 500] }),
    target: `${V4}/status/404`,
    succeeds: true,
  },
  {
    name: "a status that is not among the allowed",
    module: http({ valid_status_codes: [404, 500] }),
    target: `${V4}/text`,
    succeeds: false,
  },
  { name: "a HEAD", module: http({ method: "HEAD" }), target: `${V4}/large`, succeeds: true },
  { name: "a HEAD that is seen", module: http({ method: "HEAD" }), target: SEEN, succeeds: true },
  { name: "an OPTIONS", module: http({ method: "OPTIONS" }), target: SEEN, succeeds: true },
  { name: "a method of its own", module: http({ method: "PURGE" }), target: SEEN, succeeds: true },
  ...[
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "yesterday",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "1994-11-06T08:49:37Z",
    "Sun, 6 Nov 1994 08:49:37 GMT",
  ].map((at) => ({
    name: `Last-Modified: ${at}`,
    module: GET,
    target: `${V4}/modified?at=${encodeURIComponent(at)}`,
    succeeds: true,
  })),
];

const VERSIONS: readonly ParityCase[] = [
  {
    name: "a version that is allowed",
    module: http({ valid_http_versions: ["HTTP/1.1", "HTTP/2.0"] }),
    target: `${V4}/text`,
    succeeds: true,
  },
  {
    name: "a version that is not",
    module: http({ valid_http_versions: ["HTTP/2.0"] }),
    target: `${V4}/text`,
    succeeds: false,
  },
  {
    name: "TLS that is wanted and not there",
    module: http({ fail_if_not_ssl: true }),
    target: `${V4}/text`,
    succeeds: false,
  },
  {
    name: "TLS that is refused and not there",
    module: http({ fail_if_ssl: true }),
    target: `${V4}/text`,
    succeeds: true,
  },
];

const REQUESTS: readonly ParityCase[] = [
  { name: "a plain request", module: GET, target: SEEN, succeeds: true },
  {
    name: "headers of the module",
    module: http({ headers: { "x-lower": "1", "X-Upper": "two words", Accept: "text/html" } }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "a Host header",
    module: http({ headers: { Host: "vhost.example.test" } }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "a User-Agent header",
    module: http({ headers: { "User-Agent": "probe/1" } }),
    target: `${V4}/needs/user-agent?value=probe/1`,
    succeeds: true,
  },
  {
    name: "the parameter hostname",
    module: GET,
    target: SEEN,
    query: { hostname: "vhost.example.test" },
    succeeds: true,
  },
  {
    name: "a body",
    module: http({ method: "POST", body: '{"a": 1}', headers: { "Content-Type": "text/x" } }),
    target: SEEN,
    succeeds: true,
  },
  { name: "a POST without a body", module: http({ method: "POST" }), target: SEEN, succeeds: true },
  {
    name: "a GET with a body",
    module: http({ body: "unusual" }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "a PUT without a body",
    module: http({ method: "PUT" }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "basic authentication",
    module: http({ basic_auth: { username: "ann", password: "p:äss" } }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "basic authentication without a password",
    module: http({ basic_auth: { username: "ann" } }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "a bearer token",
    module: http({ bearer_token: "tasty" }),
    target: `${V4}/needs/authorization?value=Bearer%20tasty`,
    succeeds: true,
  },
  {
    name: "authorization of another type",
    module: http({ authorization: { type: "Token", credentials: "tasty" } }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "credentials beside an Authorization header",
    module: http({ headers: { Authorization: "Own thing" }, bearer_token: "tasty" }),
    target: SEEN,
    succeeds: true,
  },
  {
    name: "wrong credentials",
    module: http({ bearer_token: "sour" }),
    target: `${V4}/needs/authorization?value=Bearer%20tasty`,
    succeeds: false,
  },
  {
    name: "a token that is fetched",
    module: http({
      oauth2: { client_id: "me", client_secret: "shh", token_url: `${V4}/token` },
    }),
    target: `${V4}/needs/authorization?value=Bearer%20tasty`,
    succeeds: true,
  },
  {
    name: "a token that is refused",
    module: http({
      oauth2: { client_id: "me", client_secret: "shh", token_url: `${V4}/token/refused` },
    }),
    target: `${V4}/text`,
    succeeds: false,
  },
];

const SLOW: readonly ParityCase[] = [
  {
    name: "a server that never answers",
    module: http({}, TIMEOUT),
    target: `${V4}/silent`,
    succeeds: false,
  },
  {
    name: "a body that never ends",
    module: http({}, TIMEOUT),
    target: `${V4}/drip`,
    succeeds: false,
  },
  {
    name: "a redirect to a server that never answers",
    module: http({}, TIMEOUT),
    target: `${V4}/to?location=/silent`,
    succeeds: false,
  },
];

export const HTTP_CASES: readonly ParityCase[] = [...ANSWERS, ...VERSIONS, ...REQUESTS, ...SLOW];
