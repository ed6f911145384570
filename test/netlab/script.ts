import { addressBytes } from "../../src/runtime/address.ts";

/**
 * Which of a host's echo requests something happens to. They are counted from 1 since the script was
 * set; the probability is drawn from the lab's seed.
 */
export type When =
  | { readonly probability: number }
  /** The n-th, the 2n-th, and so on. */
  | { readonly every: number }
  | { readonly first: number }
  | { readonly requests: readonly number[] };

/** ICMP errors by what they say, in the words of product.md; each has a type and code per family. */
export type ErrorName =
  | "net_unreachable"
  | "host_unreachable"
  | "protocol_unreachable"
  | "port_unreachable"
  | "prohibited"
  | "ttl_exceeded"
  | "packet_too_big";

/** A wrong answer. It takes the place of the right one unless the right one comes as well. */
type Wrong = {
  /** Every request when left out. */
  readonly when?: When;
  /** Whether the right reply follows, right behind the wrong one. */
  readonly alsoAnswers?: boolean;
};

/** What one host does. Left out means: not at all; `{}` answers every echo at once. */
export type HostScript = {
  /** From the arrival of the request to the writing of the reply. */
  readonly delaySeconds?: number;
  /** Up to this much more, evenly spread, from the seed. */
  readonly jitterSeconds?: number;
  /** IPv4 TTL or IPv6 hop limit of the replies; 64 when left out. */
  readonly hopLimit?: number;
  readonly loss?: When;
  /** The host answers for `upSeconds`, then not for `downSeconds`, and so on from when the script is set. */
  readonly flap?: { readonly upSeconds: number; readonly downSeconds: number };
  /** The right reply, but only after `holdSeconds` in place of the delay. */
  readonly late?: { readonly when?: When; readonly holdSeconds: number };
  readonly duplicate?: {
    readonly when?: When;
    readonly copies: number;
    readonly spacingSeconds?: number;
  };
  /** The reply waits until the one to the next request is written, but not for ever. */
  readonly reorder?: { readonly when?: When; readonly atMostSeconds?: number };
  /**
   * `payload` turns over the bits of the last payload byte (an empty payload gains a byte) under a
   * right checksum; `checksum` leaves the payload and spoils the sum.
   */
  readonly corrupt?: Wrong & { readonly damage: "payload" | "checksum" };
  /** The ICMP message is cut to so many bytes, header included, under a right checksum. */
  readonly truncate?: Wrong & { readonly toBytes: number };
  /** A reply that claims to be another: what is named here differs from the right one. */
  readonly forge?: Wrong & {
    readonly source?: string;
    /** Added to the identifier, modulo 65,536; likewise the sequence number. */
    readonly identifierOffset?: number;
    readonly sequenceOffset?: number;
    /**
     * Turns over every bit of so many bytes from the start of the payload: 8 give an echo of
     * Sounder another cookie that is as well formed as the right one.
     */
    readonly invertedBytes?: number;
  };
  readonly error?: Wrong & {
    readonly says: ErrorName | { readonly type: number; readonly code: number };
    /** The router that sends it, of the host's family. */
    readonly from: string;
    /** Bytes of the request quoted, IP header included; as many as the RFCs allow when left out. */
    readonly quotedBytes?: number;
    /** What `packet_too_big` says of the next link; 1,280 when left out. */
    readonly mtuBytes?: number;
  };
  /** ICMP packets to the lab's own address that answer nothing it asked. */
  readonly flood?: {
    readonly packetsPerSecond: number;
    readonly packet:
      | "echo_reply"
      | "echo_reply_of_last_identifier"
      | "unreachable"
      /** About an echo to this host with the identifier of the last one, and any sequence number. */
      | "unreachable_of_last_identifier"
      | "random_bytes";
  };
};

/** Faster would only measure the lab. */
const MAX_FLOOD_PACKETS_PER_SECOND = 20_000;
const MAX_COPIES = 1_000;

/** @throws RangeError with what to write instead, when a script cannot be played. */
export function checkScript(address: string, script: HostScript): void {
  const refuse = (problem: string): never => {
    throw new RangeError(`the script of ${address}: ${problem}`);
  };
  const bytes = addressBytes(address);
  if (bytes === undefined) refuse("the host must be an IP address such as 10.77.0.1 or fd77::1");
  const sources = [script.error?.from, script.forge?.source];
  for (const source of sources) {
    if (source !== undefined && addressBytes(source)?.length !== bytes?.length) {
      refuse(`"${source}" must be an IP address of the same family`);
    }
  }
  const wrongs = [script.corrupt, script.truncate, script.forge, script.error];
  for (const { when } of [...wrongs, script.late, script.duplicate, script.reorder].map(orEmpty)) {
    if (when !== undefined && !isPlayable(when)) refuse(`${JSON.stringify(when)} chooses nothing`);
  }
  if (script.loss !== undefined && !isPlayable(script.loss)) {
    refuse(`${JSON.stringify(script.loss)} loses nothing: leave it out`);
  }
  if ((script.duplicate?.copies ?? 1) > MAX_COPIES) refuse(`at most ${MAX_COPIES} copies`);
  const rate = script.flood?.packetsPerSecond ?? 1;
  if (!(rate > 0 && rate <= MAX_FLOOD_PACKETS_PER_SECOND)) {
    refuse(`a flood of 1 to ${MAX_FLOOD_PACKETS_PER_SECOND} packets per second`);
  }
}

function orEmpty(part: { readonly when?: When } | undefined): { readonly when?: When } {
  return part ?? {};
}

function isPlayable(when: When): boolean {
  if ("probability" in when) return when.probability >= 0 && when.probability <= 1;
  if ("every" in when) return Number.isInteger(when.every) && when.every > 0;
  if ("first" in when) return Number.isInteger(when.first) && when.first >= 0;
  return when.requests.every((request) => Number.isInteger(request) && request > 0);
}

/**
 * @param request Number of the echo request, from 1, since the script was set.
 * @param draw The seeded chance of this request and purpose, 0 to 1.
 */
export function isChosen(when: When | undefined, request: number, draw: () => number): boolean {
  if (when === undefined) return true;
  if ("probability" in when) return draw() < when.probability;
  if ("every" in when) return request % when.every === 0;
  if ("first" in when) return request <= when.first;
  return when.requests.includes(request);
}
