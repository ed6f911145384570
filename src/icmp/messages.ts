import type { EchoOutcome, EchoStream } from "./echo.ts";
import type { EngineFigures } from "./engine-contract.ts";
import type { EngineOptions } from "./options.ts";

/** Words of the control block that both threads share. */
export const CONTROL_WORD = {
  /** 1 asks the worker to end. Looked at after each wake, at least four times a second. */
  stop: 0,
} as const;
export const CONTROL_BYTES = 4;

/** What the worker is given when it starts. */
export type EngineWorkerData = {
  readonly control: SharedArrayBuffer;
  readonly options: EngineOptions;
};

/** What the main thread asks; the worker looks after each wake of its eventfd. */
export type EngineRequest =
  /** Adds or changes streams. */
  | { readonly kind: "set"; readonly streams: readonly EchoStream[] }
  | { readonly kind: "remove"; readonly numbers: readonly number[] }
  /** One echo now, under a stream number of its own. */
  | { readonly kind: "one_shot"; readonly stream: EchoStream }
  /** Copy the tallies into `block`, which has room for `rows`; too small a block is answered with the rows needed. */
  | { readonly kind: "snapshot"; readonly block: SharedArrayBuffer; readonly rows: number }
  | { readonly kind: "figures" };

/** What the worker tells. */
export type EngineReport =
  | {
      readonly kind: "running";
      readonly eventDescriptor: number;
      readonly problems: readonly string[];
    }
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "snapshot"; readonly rows: number; readonly takenAtSeconds: number }
  | { readonly kind: "figures"; readonly figures: EngineFigures }
  | { readonly kind: "one_shot"; readonly stream: number; readonly outcome: EchoOutcome }
  /** A stream cannot be sent as asked (source address, interface, …); it sends nothing. */
  | { readonly kind: "refused"; readonly stream: number; readonly sentence: string };
