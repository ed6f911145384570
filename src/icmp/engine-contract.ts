import type { AddressFamily } from "../runtime/address.ts";
import type { EchoOutcome, EchoStream, LossExplanation, SocketProfile } from "./echo.ts";
import type { TransportName } from "./transport.ts";

/** What a caller says of a stream; the engine gives it its number. */
export type StreamOrder = Omit<EchoStream, "number">;

/**
 * Tallies of every stream at one moment, copied under a sequence word. Index by stream number;
 * index 0 is unused. Read them before the next snapshot is asked for: the arrays are used again.
 */
export type TallySnapshot = {
  /** Wall-clock time of the copy, Unix seconds. */
  readonly takenAtSeconds: number;
  readonly echoes: Float64Array;
  readonly lost: Float64Array;
  readonly unsent: Float64Array;
  readonly suspect: Float64Array;
  readonly lateReplies: Float64Array;
  readonly duplicateReplies: Float64Array;
  readonly reorderedReplies: Float64Array;
  readonly corruptReplies: Float64Array;
  /** Extra echoes of the fast pace that finished, and those of them that were lost; in no other column. */
  readonly fastEchoes: Float64Array;
  readonly fastLost: Float64Array;
  /** 1 while the stream is probed at its fast interval. */
  readonly fastProbing: Float64Array;
  /** LOSS_REASONS.length columns: `lostByReason[stream * LOSS_REASONS.length + reason]`. */
  readonly lostByReason: Float64Array;
  readonly rttSumSeconds: Float64Array;
  /** Numbers each stream has in `rttBuckets`; as many as the stream with the most buckets needs. */
  readonly rttBucketCount: number;
  /** `rttBuckets[stream * rttBucketCount + i]`, not cumulative; the one after a stream's last bound is +Inf. */
  readonly rttBuckets: Float64Array;
  /** NaN while unknown; so are all of the next four. */
  readonly lastRttSeconds: Float64Array;
  readonly jitterSeconds: Float64Array;
  readonly replyHopLimit: Float64Array;
  readonly lossRatio: Float64Array;
  /** 1 up, 0 down, NaN before the first finished batch and while suspect. */
  readonly up: Float64Array;
  /** Unix seconds, NaN before the first. */
  readonly lastFinishedSeconds: Float64Array;
};

/** The engine's own figures, once per agent. */
export type EngineFigures = {
  readonly families: readonly {
    readonly family: AddressFamily;
    readonly transport: TransportName;
    readonly transmitStamp: "kernel" | "send_call";
    /** Below 0 when nobody counts them. */
    readonly socketDrops: number;
    readonly receiveBufferBytes: number;
  }[];
  readonly wantedReceiveBufferBytes: number;
  readonly foreignPackets: number;
  /** Echoes of the fast pace that its budget left out. */
  readonly fastEchoesSkipped: number;
  readonly stampsMissing: number;
  readonly missedTicks: number;
  /** Send lag (planned to sent): count, sum and non-cumulative buckets by SEND_LAG_BOUNDS. */
  readonly sendLag: {
    readonly count: number;
    readonly sumSeconds: number;
    readonly buckets: Float64Array;
  };
  /** Which faults hold `sounder_agent_measurement_suspect` at 1 now. */
  readonly suspectCauses: readonly string[];
};

/** What is known of why an echo got no answer. */
export type EchoFailure =
  | { readonly kind: "lost"; readonly explanation: LossExplanation }
  | { readonly kind: "unsent"; readonly errno: string };

/** The main thread's handle on the engine. */
export type Engine = {
  readonly state: "running" | "stopped" | "failed" | "unavailable";
  /** Why, when `unavailable` or `failed`: one sentence with a remedy. */
  readonly problem: string | undefined;
  /** @returns the stream's number, valid at once; the worker follows within a tick. */
  readonly add: (order: StreamOrder) => number;
  /** Its counters start at 0 again when the number is reused. */
  readonly remove: (number: number) => void;
  /** New address, interval or options; counters stay. */
  readonly retune: (number: number, order: StreamOrder) => void;
  /** One echo now, outside every grid and tally. */
  readonly echo: (order: {
    readonly address: string;
    readonly profile: SocketProfile;
    readonly payloadBytes: number;
    readonly timeoutSeconds: number;
  }) => Promise<EchoOutcome>;
  /** Every `add`, `remove` and `retune` given before the call is in force in it. */
  readonly snapshot: () => Promise<TallySnapshot>;
  readonly figures: () => Promise<EngineFigures>;
  /**
   * The last explanation of each stream that was not answered since, by stream number: silence after an ICMP error
   * takes nothing back, because routers send few of them.
   */
  readonly failures: () => Promise<ReadonlyMap<number, EchoFailure>>;
  /** Closes sockets and ends the thread, within a second. */
  readonly stop: () => Promise<void>;
};
