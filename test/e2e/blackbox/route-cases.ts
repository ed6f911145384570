import { HTTP_PORT } from "./http-server.ts";

/** Answers at once. */
export const TARGET = `http://127.0.0.1:${HTTP_PORT}/text`;

/** None of these may ever be shown. */
export const SECRETS = ["hunter2", "tasty-token"] as const;

export const CONFIG_WITH_SECRETS = `
modules:
  http_2xx:
    prober: http
  http_5s: {prober: http, timeout: 5s}
  http_15s: {prober: http, timeout: 15s}
  with_host:
    prober: http
    http: {headers: {Host: configured.example.test}}
  with_secrets:
    prober: http
    timeout: 1m30s
    http:
      method: POST
      valid_status_codes: [200, 204]
      fail_if_body_matches_regexp: ["a+", 'b"c']
      headers: {Accept: text/html}
      basic_auth: {username: ann, password: hunter2}
      tls_config: {insecure_skip_verify: true, server_name: example.test}
  with_token:
    prober: http
    http: {bearer_token: tasty-token, preferred_ip_protocol: ip4, ip_protocol_fallback: false}
  icmp:
    prober: icmp
    icmp: {ttl: 5, payload_size: 100, dont_fragment: true}
`;

type RouteCase = {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** Guards the comparison. */
  readonly status: number;
};

const SCRAPE_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds";
const PROBE = `/probe?module=http_2xx&target=${encodeURIComponent(TARGET)}`;

/** Everything that is answered with the same bytes. */
export const ROUTE_CASES: readonly RouteCase[] = [
  { name: "an unknown module", path: "/probe?module=nope&target=x", status: 400 },
  { name: "an unknown module without target", path: "/probe?module=nope", status: 400 },
  {
    name: "an unknown module with signs",
    path: "/probe?module=%22a%0a%c3%a9%ff%22&target=x",
    status: 400,
  },
  {
    name: "an unknown module with a broken timeout",
    path: "/probe?module=nope&target=x",
    headers: { [SCRAPE_TIMEOUT]: "soon" },
    status: 400,
  },
  { name: "a missing target", path: "/probe?module=http_2xx", status: 400 },
  { name: "an empty target", path: "/probe?module=http_2xx&target=", status: 400 },
  { name: "no parameter at all", path: "/probe", status: 400 },
  {
    name: "a missing target with a broken timeout",
    path: "/probe?module=http_2xx",
    headers: { [SCRAPE_TIMEOUT]: "soon" },
    status: 500,
  },
  ...["soon", "1s", "1,5", "1e999", "0x", "--1"].map((value) => ({
    name: `the timeout ${JSON.stringify(value)}`,
    path: PROBE,
    headers: { [SCRAPE_TIMEOUT]: value },
    status: 500,
  })),
  {
    name: "a hostname beside a Host header",
    path: "/probe?module=with_host&target=x&hostname=other.example.test",
    status: 400,
  },
  { name: "/-/healthy", path: "/-/healthy", status: 200 },
  { name: "a POST of /-/healthy", path: "/-/healthy", method: "POST", status: 200 },
  { name: "a GET of /-/reload", path: "/-/reload", status: 405 },
];

/** `/logs` says other things since 0.25. */
export const LOG_CASES: readonly {
  readonly name: string;
  readonly path: string;
  readonly status: number;
  readonly body: string;
}[] = [
  {
    name: "/logs without parameters",
    path: "/logs",
    status: 400,
    body: "Probe id or target must be defined as http query parameters\n",
  },
  {
    name: "/logs with an id that is no number",
    path: "/logs?id=first",
    status: 400,
    body: "Probe id or target must be defined as http query parameters\n",
  },
  {
    name: "/logs with an id and a target",
    path: "/logs?id=1&target=x",
    status: 400,
    body: "Probe id and target can't be defined at the same time\n",
  },
  {
    name: "/logs with a module alone",
    path: "/logs?id=1&module=http_2xx",
    status: 400,
    body: "Probe module filter only works in conjunction with target parameter\n",
  },
  {
    name: "/logs with an unknown id",
    path: "/logs?id=123456",
    status: 404,
    body: "Probe id not found\n",
  },
  {
    name: "/logs with an unknown target",
    path: "/logs?target=unknown.example.test",
    status: 404,
    body: "Probe target not found\n",
  },
];

type TimeoutCase = {
  readonly name: string;
  readonly module: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** Scrape timeouts, as Prometheus and others send them, beside modules with and without a timeout. */
export const TIMEOUT_CASES: readonly TimeoutCase[] = ["http_2xx", "http_5s", "http_15s"].flatMap(
  (module) => [
    { name: `${module} without a header`, module, headers: {} },
    ...["0", "5", "5.000000", "5.5", "10", "15.5", "1e1", "+7", "120"].map((value) => ({
      name: `${module} with the header ${value}`,
      module,
      headers: { [SCRAPE_TIMEOUT]: value },
    })),
  ],
);
