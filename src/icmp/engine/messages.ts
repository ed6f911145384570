import type { AddressFamily } from "../../runtime/address.ts";
import type { EchoOutcome, EchoStream } from "../echo.ts";
import type { EchoFailure, EngineFigures } from "../engine-contract.ts";
import type { LoopEvent } from "../loop/echo-loop.ts";
import type { EngineOptions } from "../options.ts";
import type { TransportName } from "../transport.ts";

/** Words of the control block that both threads share. */
export const CONTROL_WORD = {
  /** 1 asks the worker to end. Looked at after each wake, at least four times a second. */
  stop: 0,
  /** 1 while the eventfd has been written to for messages that the worker has not begun to read. */
  rung: 1,
} as const;
export const CONTROL_BYTES = 8;

/** What the worker is given when it starts. */
export type EngineWorkerData = {
  readonly control: SharedArrayBuffer;
  readonly options: EngineOptions;
  /** Transports to try for each family, best first. */
  readonly transports: readonly TransportName[];
  readonly isDebug: boolean;
};

/** What the main thread asks; the worker looks after each wake of its eventfd. */
export type EngineRequest =
  /** Adds or changes streams. */
  | { readonly kind: "set"; readonly streams: readonly EchoStream[] }
  | { readonly kind: "remove"; readonly numbers: readonly number[] }
  /** One echo now, under a stream number of its own. */
  | { readonly kind: "one_shot"; readonly stream: EchoStream }
  /**
   * Copy the tallies into `block`, which has room for `rows` of so many RTT buckets; too small a block is answered with
   * what is needed.
   */
  | {
      readonly kind: "snapshot";
      readonly block: SharedArrayBuffer;
      readonly rows: number;
      readonly bucketCount: number;
    }
  | { readonly kind: "figures" }
  | { readonly kind: "failures" };

/** What the engine's core tells, in whichever thread it runs. */
export type CoreReport =
  | {
      readonly kind: "snapshot";
      readonly rows: number;
      readonly bucketCount: number;
      readonly takenAtSeconds: number;
    }
  | { readonly kind: "figures"; readonly figures: EngineFigures }
  /** As `failure-notes.ts` lists them. */
  | { readonly kind: "failures"; readonly list: Uint32Array }
  | { readonly kind: "one_shot"; readonly stream: number; readonly outcome: EchoOutcome }
  /** A stream cannot be sent to this address as asked (source address, interface, …); it sends nothing. */
  | {
      readonly kind: "refused";
      readonly stream: number;
      readonly address: string;
      readonly sentence: string;
    }
  | { readonly kind: "event"; readonly event: LoopEvent }
  /** An echo failed and somebody said why; only for a log at level debug. */
  | { readonly kind: "echo_failed"; readonly address: string; readonly failure: EchoFailure };

/** The transport each family got. */
export type OpenedTransports = Readonly<Partial<Record<AddressFamily, TransportName>>>;

/** Why a transport could not be opened. `error` is an errno name, or a sentence where something is not there. */
export type TransportRefusal = {
  readonly family: AddressFamily;
  readonly transport: TransportName;
  readonly kind: "absent" | "refused";
  readonly error: string;
};

/** What the worker tells. */
export type EngineReport =
  | CoreReport
  | {
      readonly kind: "running";
      readonly eventDescriptor: number;
      readonly opened: OpenedTransports;
      readonly refusals: readonly TransportRefusal[];
    }
  | { readonly kind: "unavailable"; readonly refusals: readonly TransportRefusal[] };
