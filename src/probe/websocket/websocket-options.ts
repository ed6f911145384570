import * as z from "zod";
import { bytesOfText } from "../../runtime/binary-text.ts";
import { flag } from "../../runtime/flag.ts";
import { authenticationKeys, authenticationMethods } from "../http/http-auth-options.ts";
import { regexp } from "../regexps.ts";
import { tlsOptions } from "../tls/tls-options.ts";
import { websocketHeaders } from "./websocket-headers.ts";

const MAX_STEPS = 1_000;
/** Of all steps together. */
const MAX_SEND_BYTES = 2 ** 20;

/** A key of blackbox_exporter's file that this prober has no use for: a problem that says so. */
const useless = (why: string) => z.never({ error: `${why}: remove this key` }).optional();

const step = z.strictObject({
  /** Waits for one message, which must match. */
  expect: regexp.optional(),
  /** Empty: none. */
  send: z.string({ error: "expected the text of a message" }).default(""),
  expect_bytes: useless("the prober websocket looks at messages by expect alone"),
  labels: useless("the prober websocket has no labels to fill"),
  starttls: useless("the prober websocket speaks TLS from the start, to targets in wss://"),
});
/** One entry of `query_response:`. */
export type WebsocketStep = z.output<typeof step>;

function sentBytes(steps: readonly WebsocketStep[]): number {
  return steps.reduce((sum, { send }) => sum + bytesOfText(send).length, 0);
}

const DIRECT = "the prober websocket connects directly";

/** The `http_config:` block: what of the Prometheus family's HTTP client has a meaning here. */
const httpConfig = z
  .strictObject({
    ...authenticationKeys,
    tls_config: tlsOptions.prefault({}),
    /** Taken without effect, as blackbox_exporter does: an upgrade is one request of HTTP/1.1. */
    follow_redirects: flag.optional(),
    enable_http2: flag.optional(),
    oauth2: useless("the prober websocket fetches no tokens"),
    proxy_url: useless(DIRECT),
    no_proxy: useless(DIRECT),
    proxy_from_environment: useless(DIRECT),
    proxy_connect_header: useless(DIRECT),
    http_headers: useless("write these under headers of the websocket block"),
  })
  .superRefine((options, context) => {
    const [first, ...others] = authenticationMethods(options);
    for (const key of others) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: `${first} and ${key} exclude each other: keep one way to authenticate`,
      });
    }
  });

/** The `websocket:` block of a module: blackbox_exporter's keys. Plain data; regexps stay texts. */
export const websocketOptions = z
  .strictObject({
    http_config: httpConfig.prefault({}),
    headers: websocketHeaders.default({}),
    query_response: z
      .array(step)
      .max(MAX_STEPS)
      .refine((steps) => sentBytes(steps) <= MAX_SEND_BYTES, {
        error: `the messages to send may have at most ${MAX_SEND_BYTES} bytes together`,
      })
      .default([]),
    /** As blackbox_exporter: anything other than "" and ip6 means ip4. */
    preferred_ip_protocol: z.string().default("ip6"),
    ip_protocol_fallback: flag.default(true),
  })
  .superRefine((options, context) => {
    const [method] = authenticationMethods(options.http_config);
    const written = Object.keys(options.headers).find(
      (name) => name.toLowerCase() === "authorization",
    );
    if (method === undefined || written === undefined) return;
    context.addIssue({
      code: "custom",
      path: ["headers", written],
      message: `header ${written} and ${method} of http_config exclude each other: keep one`,
    });
  });
export type WebsocketOptions = z.output<typeof websocketOptions>;
