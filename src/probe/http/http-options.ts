import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { found, quote } from "../../runtime/found.ts";
import { bytes } from "../../runtime/units.ts";
import { celExpression } from "../cel/cel.ts";
import { filePath } from "../file-path.ts";
import { regexp } from "../regexps.ts";
import { tlsOptions } from "../tls/tls-options.ts";
import { compression, isAcceptable } from "./compression.ts";
import {
  authenticationKeys,
  authenticationMethods,
  withBearerAsAuthorization,
} from "./http-auth-options.ts";
import { httpHeaders } from "./http-headers.ts";
import { proxyKeys, proxyProblems } from "./http-route-options.ts";
import { http3Problems } from "./http3.ts";
import { oauth2 } from "./oauth2-options.ts";
import { HTTP_TOKEN, headerNameOf, requestHeaders } from "./request-headers.ts";

/** Largest request body, written in the module or in its file. */
export const MAX_REQUEST_BODY_BYTES = 16 * 2 ** 20;
const MAX_RULES = 1_000;

const headerRule = z.strictObject({
  header: z.string().regex(HTTP_TOKEN, { error: "expected a header name, such as Content-Type" }),
  regexp: regexp.refine((pattern) => pattern !== "", {
    error: "must not be empty: write the regular expression the header is compared with",
  }),
  allow_missing: flag.default(false),
});
export type HeaderRule = z.output<typeof headerRule>;

/** As blackbox_exporter: less than nothing is no limit. */
const sizeLimit = z
  .union([z.string(), z.number()], {
    error: (issue) => `expected a size such as 8MiB or 65536, found ${found(issue.input)}`,
  })
  .transform((value) => (/^-\d/.test(String(value)) ? 0 : value))
  .pipe(bytes);

const method = z
  .string({ error: "expected an HTTP method, such as GET" })
  .refine((name) => name === "" || HTTP_TOKEN.test(name), {
    error: (issue) => `${found(issue.input)} is no HTTP method: write for example GET or POST`,
  })
  .refine((name) => name.toUpperCase() !== "CONNECT", {
    error: "CONNECT opens a tunnel and gets no page: write another method",
  })
  .transform((name) => (name === "" ? "GET" : name));

/** The `http:` block of a module: blackbox_exporter's keys. Plain data; regexps stay texts. */
export const httpOptions = z
  .strictObject({
    /** Empty: 200 to 299. */
    valid_status_codes: z
      .array(z.int({ error: "expected a status code, such as 200" }).min(100).max(999))
      .max(MAX_RULES)
      .default([]),
    /** Empty: any. As blackbox_exporter: any text, also one that no answer will ever have. */
    valid_http_versions: z
      .array(z.string({ error: "expected a version in quotes, such as HTTP/1.1 or HTTP/2.0" }))
      .max(MAX_RULES)
      .default([]),
    /** As blackbox_exporter: anything other than "" and ip6 means ip4. */
    preferred_ip_protocol: z.string().default("ip6"),
    ip_protocol_fallback: flag.default(true),
    follow_redirects: flag.default(true),
    /** Deprecated; wins over `follow_redirects`. */
    no_follow_redirects: flag.optional(),
    fail_if_ssl: flag.default(false),
    fail_if_not_ssl: flag.default(false),
    method: method.default("GET"),
    headers: requestHeaders.default({}),
    http_headers: httpHeaders.default({}),
    body: z
      .string()
      .refine((text) => Buffer.byteLength(text) <= MAX_REQUEST_BODY_BYTES, {
        error: `a body may have at most ${MAX_REQUEST_BODY_BYTES} bytes`,
      })
      .optional(),
    body_file: filePath.optional(),
    compression: compression.default(""),
    /** Bytes, of what was unpacked; 0 for none. */
    body_size_limit: sizeLimit.default(0),
    fail_if_body_matches_regexp: z.array(regexp).max(MAX_RULES).default([]),
    fail_if_body_not_matches_regexp: z.array(regexp).max(MAX_RULES).default([]),
    fail_if_header_matches: z.array(headerRule).max(MAX_RULES).default([]),
    fail_if_header_not_matches: z.array(headerRule).max(MAX_RULES).default([]),
    fail_if_body_json_matches_cel: celExpression.optional(),
    fail_if_body_json_not_matches_cel: celExpression.optional(),
    enable_http2: flag.default(true),
    /** Loads, and every probe fails: docs/decisions/0022-http3.md. */
    enable_http3: flag.default(false),
    ...authenticationKeys,
    oauth2: oauth2.optional(),
    ...proxyKeys,
    /** Leaves it to the proxy to look the target's name up; without a proxy it has no effect. */
    skip_resolve_phase_with_proxy: flag.default(false),
    tls_config: tlsOptions.prefault({}),
  })
  .superRefine((options, context) => {
    const problem = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message });
    };
    if (options.body !== undefined && options.body_file !== undefined) {
      problem("body_file", "body and body_file exclude each other: keep one");
    }
    const [firstMethod, ...otherMethods] = authenticationMethods(options);
    for (const key of otherMethods) {
      problem(key, `${firstMethod} and ${key} exclude each other: keep one way to authenticate`);
    }
    proxyProblems(options, context);
    for (const { key, message } of http3Problems(options)) problem(key, message);
    if (options.fail_if_ssl && options.fail_if_not_ssl) {
      problem(
        "fail_if_not_ssl",
        "fail_if_ssl and fail_if_not_ssl leave no way to succeed: keep one",
      );
    }
    const acceptName = headerNameOf(options.headers, "accept-encoding");
    const accepted = acceptName === undefined ? "" : (options.headers[acceptName] ?? "");
    if (acceptName !== undefined && !isAcceptable(options.compression, accepted)) {
      context.addIssue({
        code: "custom",
        path: ["headers", acceptName],
        message: `header ${acceptName} ${quote(accepted)} does not accept ${options.compression}, which compression asks for: add ${options.compression} to it, or remove one of the two`,
      });
    }
    const lengthName = headerNameOf(options.headers, "content-length");
    if (lengthName === undefined) return;
    const text = options.headers[lengthName] ?? "";
    const lengthBytes = Buffer.byteLength(options.body ?? "");
    const isInFile = options.body_file !== undefined;
    if (isInFile || text.trim() !== String(lengthBytes)) {
      const has = isInFile ? "the body is in a file" : `the body has ${lengthBytes} bytes`;
      context.addIssue({
        code: "custom",
        path: ["headers", lengthName],
        message: `header ${lengthName} cannot be ${text}, ${has}: remove this header, it is sent by itself`,
      });
    }
  })
  .transform(({ no_follow_redirects: isNotFollowing, ...options }) => ({
    ...withBearerAsAuthorization(options),
    follow_redirects: isNotFollowing === undefined ? options.follow_redirects : !isNotFollowing,
  }));
export type HttpOptions = z.output<typeof httpOptions>;
