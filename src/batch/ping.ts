import type { EchoOutcome } from "../icmp/echo.ts";
import type { ResolveFailure } from "../resolve/resolution.ts";
import type { AddressFamily } from "../runtime/address.ts";

/** What a batch may be told; everything has a default. Bounds are in `settings.ts`. */
export type PingOptions = {
  /** Echoes for each name, 1 to 1,000,000; 4 when left out. */
  readonly count?: number | undefined;
  /** From one echo to a name to the next to the same name; 1 s when left out. */
  readonly spacingSeconds?: number | undefined;
  /** An echo without an answer after this time is lost; 1 s when left out. */
  readonly timeoutSeconds?: number | undefined;
  /** ICMP data of each echo, its 8-byte header not counted; 56 when left out. */
  readonly payloadBytes?: number | undefined;
  /** Address of this machine to send from; it settles the family. */
  readonly source?: string | undefined;
  /** Differentiated services code point, 0 to 63 (RFC 2474); 0 when left out. */
  readonly dscp?: number | undefined;
  /** Only addresses of this family; either when left out, IPv6 first where this machine has a global IPv6 address. */
  readonly family?: AddressFamily | undefined;
  /** Of all names together; 5,000 when left out. Where they want more, `spacingSeconds` grows. */
  readonly echoesPerSecond?: number | undefined;
  /** Called for each answer in time. What it throws ends the batch and is thrown by it. */
  readonly onReply?: ((reply: PingReply) => void) | undefined;
  /** Called for each echo, however it ended. */
  readonly onEcho?: ((echo: PingEcho) => void) | undefined;
  /** Ends the batch early, with what was measured until then. */
  readonly signal?: AbortSignal | undefined;
};

/** Which echo to whom. */
type EchoIdentity = {
  /** Place of the name in the list that was given. */
  readonly index: number;
  readonly name: string;
  readonly address: string;
  /** From 1, for each name. */
  readonly sequence: number;
};

export type PingReply = EchoIdentity & {
  /** Kernel stamp to kernel stamp. */
  readonly rttSeconds: number;
  /** IPv4 TTL or IPv6 hop limit of the reply, where the system tells. */
  readonly hopLimit: number | undefined;
};

export type PingEcho = EchoIdentity & { readonly outcome: EchoOutcome };

/** Why a name was not, or no longer, sent to. */
export type PingFailure = {
  readonly reason: ResolveFailure | "icmp_refused";
  /** One sentence. */
  readonly detail: string;
};

/** What the echoes to one name came to. Only echoes that ended are in it, never one in flight. */
export type PingStatistics = {
  /** Echoes that left: received + lost + suspect. */
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Unanswered while this program may have lost the reply itself: neither received nor lost. */
  readonly suspect: number;
  /** Refused by the kernel of this machine; not among `sent`. */
  readonly unsent: number;
  /** lost / (received + lost), 0 to 1; undefined while both are 0. */
  readonly lossRatio: number | undefined;
  /** This and the next three are undefined without an answer. */
  readonly minSeconds: number | undefined;
  readonly avgSeconds: number | undefined;
  readonly maxSeconds: number | undefined;
  /** Of all answers (divided by their number), as ping(8) gives it as mdev. */
  readonly stddevSeconds: number | undefined;
};

/** One name of a batch, in the order given; a name given twice is there twice. */
export type PingResult = PingStatistics & {
  /** As it was given. */
  readonly name: string;
  /** The address that was sent to; undefined when the name has none. */
  readonly address: string | undefined;
  /** Round-trip time of each echo, sequence 1 first; undefined where none came in time. */
  readonly rttsSeconds: readonly (number | undefined)[];
  /** Undefined when all went well. Silence of a host is no failure: it is in `lost`. */
  readonly failure: PingFailure | undefined;
};
