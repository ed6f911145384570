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
  "body_file",
  "credentials_file",
  "request_timeout",
  "icmp_timeout",
  ...LOSS_REASONS,
  "icmp_unsent",
  "icmp_unavailable",
  "agent_overloaded",
  "cancelled",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

export const HTTP_PHASES = ["resolve", "connect", "tls", "processing", "transfer"] as const;
export type HttpPhase = (typeof HTTP_PHASES)[number];

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
  /** Seconds a phase took, summed over redirects; 0 for one that was not reached. */
  readonly phases: Readonly<Record<HttpPhase, number>>;
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
};

export type IcmpFacts = {
  readonly protocol: "icmp";
  readonly phases: Readonly<Record<"resolve" | "setup" | "rtt", number>>;
  readonly replyHopLimit: number | undefined;
};

export type ProbeFacts = HttpFacts | IcmpFacts;

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
