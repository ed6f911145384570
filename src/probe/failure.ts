import type { FailureReason } from "./prober.ts";
import type { Stage } from "./stages.ts";

/** An expected bad ending of a part of a probe. `detail` is one sentence without secrets. */
export type Failed = {
  readonly kind: "failed";
  readonly reason: FailureReason;
  readonly detail: string;
  /** The rule that refused a hop, with `policy_refused`. */
  readonly policyRule?: string;
};

/** What a guard's refusal makes of a probe. */
export function refused(verdict: { readonly rule: string; readonly sentence: string }): Failed {
  return { ...failed("policy_refused", verdict.sentence), policyRule: verdict.rule };
}

export function failed(reason: FailureReason, detail: string): Failed {
  return { kind: "failed", reason, detail };
}

/** What a probe that met its deadline was doing then. */
export function timedOut(stage: Stage, timeoutSeconds: number): Failed {
  const within = `within ${timeoutSeconds} s`;
  switch (stage) {
    case "token":
      return failed("oauth2_token", `no token came from the token server ${within}`);
    case "resolve":
      return failed("dns_timeout", `the name servers did not answer ${within}`);
    case "connect":
      return failed("connect_timeout", `the connection was not established ${within}`);
    case "tls":
      return failed("tls_timeout", `the TLS handshake did not end ${within}`);
    case "prepare":
    case "request":
      return failed("request_timeout", `the request could not be sent whole ${within}`);
    case "processing":
      return failed("http_header_timeout", `no byte of an answer came ${within}`);
    case "head":
      return failed("http_header_timeout", `the header of the answer did not end ${within}`);
    case "body":
      return failed("http_body_timeout", `the body of the answer did not end ${within}`);
    case "dialogue":
      return failed("expect_timeout", `what the module expects did not come ${within}`);
    case "query":
      return failed("query_timeout", `the server did not answer the question ${within}`);
    case "check":
      return failed("grpc_timeout", `the call was not answered ${within}`);
    case "echo":
      return failed("icmp_timeout", `no reply came ${within}`);
  }
}

const CONNECT_REASONS: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: "connect_refused",
  ETIMEDOUT: "connect_timeout",
  ECONNRESET: "connect_reset",
  EMFILE: "agent_overloaded",
  ENFILE: "agent_overloaded",
  ENOBUFS: "agent_overloaded",
  ENOMEM: "agent_overloaded",
};

/** Alerts by which a server says that it wants another client certificate (RFC 8446 section 6.2). */
const CLIENT_CERTIFICATE_ALERT =
  /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)/;

/** Endings of a connection; what else goes wrong with an answer is against the protocol. */
const CLOSED_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "ERR_STREAM_PREMATURE_CLOSE",
]);
/** undici says the same of a body cut short and of two lengths in one header. */
const LENGTH_MISMATCH = "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
/** undici reports these as socket errors although the connection stood. */
const MISBEHAVIOUR = /^bad (?:response|upgrade)$/;

/** The reason of an error that a socket or an HTTP client reported in a stage. */
export function failureOf(error: unknown, stage: Stage): Failed {
  const code = codeOf(error);
  const said = sentenceOf(error);
  if (CLIENT_CERTIFICATE_ALERT.test(code)) {
    return failed("tls_client_certificate", `the server refused the client certificate: ${said}`);
  }
  switch (stage) {
    case "prepare":
    case "token":
    case "resolve":
    case "connect":
      return failed(CONNECT_REASONS[code] ?? "connect_unreachable", `cannot connect: ${said}`);
    case "tls":
      return failed("tls_handshake", `the TLS handshake failed: ${said}`);
    case "request":
    case "processing":
    case "head":
    case "body": {
      const isCutShort = code === LENGTH_MISMATCH && stage === "body";
      const isClosed = (CLOSED_CODES.has(code) && !MISBEHAVIOUR.test(said)) || isCutShort;
      if (!isClosed) return failed("http_protocol", `the answer is not valid HTTP: ${said}`);
      const when = stage === "body" ? "before the body ended" : "before the answer came";
      return failed("http_closed", `the server closed the connection ${when}: ${said}`);
    }
    case "dialogue":
      return failed("dialogue_closed", `the connection broke off: ${said}`);
    case "query":
      return failed("dialogue_closed", `the server broke off the connection: ${said}`);
    case "check":
      return CLOSED_CODES.has(code)
        ? failed("dialogue_closed", `the connection broke off before the call ended: ${said}`)
        : failed("grpc_protocol", `the call failed: ${said}`);
    case "echo":
      return failed("icmp_unsent", `the echo could not be sent: ${said}`);
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return String(error.code);
}

/** Longest message of a library taken over; it may quote what the peer sent. */
const MAX_MESSAGE_CHARACTERS = 200;

function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // OpenSSL puts the thread's address, file and line around what it has to say.
  const alert = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  const line = (alert ?? message).split("\n", 1).join("");
  return (line === "" ? codeOf(error) : line).slice(0, MAX_MESSAGE_CHARACTERS);
}
