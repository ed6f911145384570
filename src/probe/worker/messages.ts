import type { GuardData } from "../../policy/verdict.ts";
import type { ResolverOptions } from "../../resolve/options.ts";
import type { LogFields, LogLevel } from "../../runtime/log.ts";
import type { FastPaceSettings } from "../../schedule/pace.ts";
import type { Module } from "../module.ts";
import type { ProbeRequest } from "../probe-request.ts";
import type { ProbeOutcome } from "../prober.ts";

/** What the configuration says to the probe worker. Plain data. */
export type WorkerSettings = {
  readonly modules: Readonly<Record<string, Module>>;
  readonly resolver: ResolverOptions;
  /** Continuous probes in flight; those on demand are bounded by who asks for them. */
  readonly maxConcurrent: number;
  readonly guard: GuardData;
};

/** What the probe worker starts with. Plain data. */
export type WorkerStart = WorkerSettings & { readonly userAgent: string };

/** One target to be probed again and again. */
export type PoolStream = {
  /** Chosen by the caller; it comes back with each outcome. Adding a number again replaces it. */
  readonly number: number;
  /** Name of a module of the configuration; not one of icmp. */
  readonly module: string;
  readonly target: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** 0 up to 1: where in its interval it is due. */
  readonly phase: number;
  /** Extra probes while it fails; undefined for none. */
  readonly fast: FastPaceSettings | undefined;
};

export type ToWorker =
  | { readonly kind: "configure"; readonly settings: WorkerSettings }
  | { readonly kind: "add"; readonly stream: PoolStream }
  | { readonly kind: "remove"; readonly number: number }
  | { readonly kind: "probe"; readonly id: number; readonly request: ProbeRequest }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "figures"; readonly id: number }
  | { readonly kind: "stop" };

/** One finished probe of a stream. */
export type StreamOutcome = {
  readonly stream: number;
  readonly outcome: ProbeOutcome;
  /** How long after its due time it began. */
  readonly startDelaySeconds: number;
  readonly pace: {
    /** An extra probe of the fast pace: it shows how the target is now, and counts in no counter or histogram. */
    readonly isFast: boolean;
    /** Whether the stream is at its fast pace after this probe. */
    readonly isAtFastPace: boolean;
  };
};

/** The worker's own figures; counts are since its start. */
export type PoolFigures = {
  /** Probes under way by prober, continuous and on demand. */
  readonly inFlight: Readonly<Record<string, number>>;
  /** Probes whose times are not to be trusted, because the worker's loop was late. */
  readonly disturbed: number;
  /** Due times of the grid dropped, by prober: in a stall, or because they met a grid probe of the same stream. */
  readonly missedTicks: Readonly<Record<string, number>>;
  /** Streams whose time has come and that wait for a slot. */
  readonly waiting: number;
};

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "outcomes"; readonly batch: readonly StreamOutcome[] }
  | { readonly kind: "probed"; readonly id: number; readonly outcome: ProbeOutcome }
  | { readonly kind: "figures"; readonly id: number; readonly figures: PoolFigures }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: LogFields;
    };
