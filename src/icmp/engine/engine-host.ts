import type { CoreReport, EngineRequest } from "./messages.ts";

/** Where an engine's core runs: in a thread of its own, or in this one. */
export type EngineHost = {
  /** Requests are taken in the order of the calls; answers come by `HostListener.onReport`, never within the call. */
  readonly send: (request: EngineRequest) => void;
  /** Closes sockets and ends what runs, within a second. */
  readonly stop: () => Promise<void>;
};

/** Told what a host has to tell. */
export type HostListener = {
  readonly onReport: (report: CoreReport) => void;
  /** The core died; nothing comes from it any more. */
  readonly onFault: (error: Error) => void;
};
