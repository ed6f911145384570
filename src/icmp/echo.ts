import type { AddressFamily } from "../runtime/address.ts";

/** What the socket of a stream must be. Streams with equal profiles share one socket. */
export type SocketProfile = {
  readonly family: AddressFamily;
  /** Source address in text; undefined lets the kernel choose. */
  readonly source: string | undefined;
  /** Interface name (SO_BINDTODEVICE). */
  readonly interface: string | undefined;
  /** Firewall mark (SO_MARK), 0 for none. */
  readonly mark: number;
  /** Differentiated services code point, 0 to 63 (RFC 2474); the byte on the wire is it × 4. */
  readonly dscp: number;
  /** IPv4 TTL or IPv6 hop limit of what we send, 1 to 255. */
  readonly hopLimit: number;
  readonly isFragmentingForbidden: boolean;
};

/** One steady flow of echo requests to one address. */
export type EchoStream = {
  /** Number of the stream, chosen by the engine's main-thread side; from 1, reused after removal. */
  readonly number: number;
  /** Address in text; an IPv6 one may carry a zone id. Undefined while the name has none: nothing is sent. */
  readonly address: string | undefined;
  readonly profile: SocketProfile;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** ICMP data only: the 8-byte ICMP header and the IP header are not counted. */
  readonly payloadBytes: number;
  /** Echoes per interval, 1 to 100, `echoSpacingSeconds` apart. */
  readonly echoesPerInterval: number;
  readonly echoSpacingSeconds: number;
  readonly lossWindowSeconds: number;
  /** Extra echoes while the stream fails; undefined for none. */
  readonly fast: FastPaceSettings | undefined;
  /** Upper bounds of its RTT buckets, rising; undefined for the common ones. */
  readonly bucketBoundsSeconds: readonly number[] | undefined;
  /** 0 to 1: where in its interval the stream's due time lies; from a hash of its key. */
  readonly phase: number;
};

/** When a stream is probed more often. */
export type FastPaceSettings = {
  readonly intervalSeconds: number;
  /** Back to normal when the loss of the last loss window is below this, 0 to 1. */
  readonly untilLoss: number;
};

/** How one echo ended. Exactly one of these, once, per echo. */
export type EchoOutcome =
  | {
      readonly kind: "answered";
      readonly rttSeconds: number;
      readonly hopLimit: number | undefined;
    }
  | { readonly kind: "lost"; readonly explanation: LossExplanation | undefined }
  | { readonly kind: "suspect"; readonly cause: AgentFault }
  | { readonly kind: "unsent"; readonly errno: string };

/** An ICMP error that came before the deadline. It explains a loss; its absence proves nothing. */
export type LossExplanation = {
  readonly reason: LossReason;
  /** Address that sent the error; undefined when the transport did not say. */
  readonly reportedBy: string | undefined;
};

export const LOSS_REASONS = [
  "host_unreachable",
  "net_unreachable",
  "port_unreachable",
  "protocol_unreachable",
  "prohibited",
  "ttl_exceeded",
  "packet_too_big",
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** What the agent itself did wrong while a reply could have come. */
export const AGENT_FAULTS = ["socket_overflow", "stopped", "clock_step"] as const;
export type AgentFault = (typeof AGENT_FAULTS)[number];

/** Whether the network lost the echo. What we did not send or may have dropped is our fault. */
export function isLoss(outcome: EchoOutcome): boolean {
  switch (outcome.kind) {
    case "lost":
      return true;
    case "answered":
    case "suspect":
    case "unsent":
      return false;
  }
}
