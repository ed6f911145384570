import { LOSS_REASONS } from "../icmp/echo.ts";
import { RESOLVE_FAILURES } from "../resolve/resolution.ts";
import type { Address } from "../runtime/address.ts";

/** Why a probe failed: one bounded list over all probers, the values of the label `reason`. */
export const FAILURE_REASONS = [
  ...RESOLVE_FAILURES,
  "policy_refused",
  "bad_target",
  "connect_refused",
  "connect_timeout",
  "connect_unreachable",
  "connect_reset",
  "tls_timeout",
  "tls_expired",
  "tls_not_yet_valid",
  "tls_name_mismatch",
  "tls_untrusted",
  "tls_handshake",
  "tls_client_certificate",
  "tls_forbidden",
  "tls_required",
  "http_status",
  "http_version",
  "http_redirects",
  "http_header_timeout",
  "http_body_timeout",
  "http_protocol",
  "http_closed",
  "header_mismatch",
  "body_mismatch",
  "body_too_large",
  "body_encoding",
  "body_json",
  "body_file",
  "credentials_file",
  "oauth2_token",
  "proxy_refused",
  "request_timeout",
  "expect_mismatch",
  "expect_timeout",
  "expect_too_large",
  "dialogue_closed",
  "query_timeout",
  "query_malformed",
  "query_rcode",
  "query_rr_mismatch",
  "grpc_timeout",
  "grpc_status",
  "grpc_not_serving",
  "grpc_protocol",
  "websocket_upgrade",
  "websocket_protocol",
  "icmp_timeout",
  ...LOSS_REASONS,
  "icmp_unsent",
  "icmp_unavailable",
  "agent_overloaded",
  "cancelled",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The phases of each prober but icmp, in the order in which they come. */
export const PHASES = {
  http: ["resolve", "connect", "tls", "processing", "transfer"],
  tcp: ["resolve", "connect", "tls", "processing"],
  unix: ["connect", "tls", "processing"],
  dns: ["resolve", "connect", "tls", "request"],
  grpc: ["resolve", "connect", "tls", "check"],
  websocket: ["resolve", "connect", "tls", "processing", "transfer"],
} as const;
export type ProberWithPhases = keyof typeof PHASES;
export type PhaseOf<P extends ProberWithPhases> = (typeof PHASES)[P][number];
/** Seconds a phase took; 0 for one that was not reached. */
export type PhaseSeconds<P extends ProberWithPhases> = Readonly<Record<PhaseOf<P>, number>>;

/** What a TLS handshake showed, also when verification failed. Times are Unix seconds. */
export type TlsFacts = {
  /** As Go prints it: `TLS 1.2`, `TLS 1.3`. */
  readonly version: string;
  /** IANA name, `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  readonly earliestNotAfterSeconds: number;
  /** Of the verified chain that lives longest; undefined when verification failed or was skipped. */
  readonly verifiedNotAfterSeconds: number | undefined;
  readonly leaf: {
    readonly fingerprintSha256: string;
    readonly subject: string;
    readonly issuer: string;
    readonly subjectAlternative: string;
    readonly serialNumber: string;
  };
};

/** Facts of an HTTP probe, as far as it came. */
export type HttpFacts = {
  readonly protocol: "http";
  /** Summed over redirects. */
  readonly phases: PhaseSeconds<"http">;
  /** Whether `skip_resolve_phase_with_proxy` left the target's name to the proxy. */
  readonly isResolveSkipped?: boolean;
  /** 0 when no answer came. */
  readonly statusCode: number;
  /** 1.0, 1.1 or 2; undefined when no answer came. */
  readonly httpVersion: number | undefined;
  /** As announced, −1 when not; undefined when no answer came. */
  readonly contentLengthBytes: number | undefined;
  readonly uncompressedBodyBytes: number;
  readonly redirects: number;
  readonly isTls: boolean;
  readonly tls: TlsFacts | undefined;
  readonly lastModifiedSeconds: number | undefined;
  readonly isFailedByRegexp: boolean;
  /** Whether a CEL rule failed; undefined when the module has none. */
  readonly isFailedByCel: boolean | undefined;
};

/** Facts of a dialogue over TCP or a unix socket, as far as it came. */
export type DialogueFacts = {
  readonly isFailedByRegexp: boolean;
  readonly isFailedByBytes: boolean;
  /** Labels that the last step with `labels` gave, in the order of the module; undefined for none. */
  readonly expectInfo: readonly (readonly [name: string, value: string])[] | undefined;
  /** Whether the dialogue could begin: the connection stood, with TLS where the module begins with it. */
  readonly isConnected: boolean;
  readonly tls: TlsFacts | undefined;
};

export type TcpFacts = DialogueFacts & {
  readonly protocol: "tcp";
  readonly phases: PhaseSeconds<"tcp">;
};

export type UnixFacts = DialogueFacts & {
  readonly protocol: "unix";
  readonly phases: PhaseSeconds<"unix">;
};

/** Records in the sections of a DNS answer. */
export type DnsSectionCounts = {
  readonly answer: number;
  readonly authority: number;
  readonly additional: number;
};

export type DnsFacts = {
  readonly protocol: "dns";
  readonly phases: PhaseSeconds<"dns">;
  /** Undefined when no answer came. */
  readonly sections: DnsSectionCounts | undefined;
  /** 0 to 4095; undefined when no answer came. */
  readonly responseCode: number | undefined;
  /** Whether records of type SOA were asked for. */
  readonly isSoaAsked: boolean;
  /** Serial of the SOA in the answer section, where SOA was asked for. */
  readonly soaSerial: number | undefined;
  readonly tls: TlsFacts | undefined;
};

export type GrpcFacts = {
  readonly protocol: "grpc";
  readonly phases: PhaseSeconds<"grpc">;
  readonly isTls: boolean;
  /**
   * Of the call; where it never reached its end, what a gRPC client gives it: 14 (UNAVAILABLE) without
   * a connection, 4 (DEADLINE_EXCEEDED) at the deadline. Undefined when it did not come to a call.
   */
  readonly statusCode: number | undefined;
  /** Name of the enum, as `SERVING`, or the number of one that has none; undefined when none came. */
  readonly servingStatus: string | undefined;
  readonly tls: TlsFacts | undefined;
};

export type WebsocketFacts = {
  readonly protocol: "websocket";
  /** `transfer` is 0 where the module has nothing to say or to expect after the upgrade. */
  readonly phases: PhaseSeconds<"websocket">;
  /** Of the answer to the upgrade; 0 when none came. */
  readonly statusCode: number;
  readonly isUpgraded: boolean;
  readonly isFailedByRegexp: boolean;
  readonly tls: TlsFacts | undefined;
};

export type IcmpFacts = {
  readonly protocol: "icmp";
  readonly phases: Readonly<Record<"resolve" | "setup" | "rtt", number>>;
  readonly replyHopLimit: number | undefined;
};

export type ProbeFacts =
  | HttpFacts
  | IcmpFacts
  | TcpFacts
  | UnixFacts
  | DnsFacts
  | GrpcFacts
  | WebsocketFacts;

/** One line of a probe's log, for `debug=true`. */
export type ProbeLogLine = {
  readonly wallSeconds: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
};

/** What every ending of a probe has. Plain data: it crosses threads. */
type Ended = {
  /** The whole probe on the monotonic clock. */
  readonly durationSeconds: number;
  /** Unix time of the end. */
  readonly finishedAtSeconds: number;
  /** The address connected to; undefined when none was found. */
  readonly address: Address | undefined;
  /** Time of the (first) name look-up; 0 when the target was an address. */
  readonly lookupSeconds: number;
  readonly facts: ProbeFacts;
  /** Whether the thread's loop was late by more than 10 ms meanwhile: times are not to be trusted. */
  readonly isDisturbed: boolean;
  readonly log: readonly ProbeLogLine[];
};

/** The agent itself broke the probe off: it says nothing about the target. */
export function isAgentsOwn(reason: FailureReason): boolean {
  return reason === "agent_overloaded" || reason === "cancelled";
}

/** How one probe ended. */
export type ProbeOutcome =
  | (Ended & { readonly kind: "succeeded" })
  | (Ended & {
      readonly kind: "failed";
      readonly reason: FailureReason;
      /** One sentence for a person. */
      readonly detail: string;
      /** With the reason `policy_refused`: the rule of the guard's verdict, for its counter. */
      readonly policyRule?: string;
    });
