import type { Admission } from "../policy/policy.ts";
import type { Permit } from "../policy/verdict.ts";
import type { Module } from "../probe/module.ts";
import type { ProbeOutcome } from "../probe/prober.ts";

/** One probe to be run now. Plain data: it crosses to the probe worker. */
export type OnDemandProbe = {
  readonly target: string;
  readonly moduleName: string;
  /** With the parameter `hostname` in it. */
  readonly module: Module;
  /** One deadline over everything; 0 fails at once. */
  readonly timeoutSeconds: number;
  readonly permit: Permit;
};

/**
 * What `/probe` needs of the agent. Everything is asked anew for each request, so a reload is in force
 * with the next one.
 */
export type ProbeService = {
  /** By name, built-in ones included. */
  readonly modules: () => Readonly<Record<string, Module>>;
  /** Taken off the scrape timeout. */
  readonly timeoutOffsetSeconds: number;
  readonly maxConcurrent: () => number;
  readonly admit: (request: {
    readonly target: string;
    readonly module: string;
    readonly prober: string;
  }) => Admission;
  /** Rejects only when the agent is at fault. An aborted signal ends the probe; nobody is answered then. */
  readonly run: (probe: OnDemandProbe, signal: AbortSignal) => Promise<ProbeOutcome>;
  /** The metrics of one probe in the text format 0.0.4. */
  readonly page: (outcome: ProbeOutcome, probe: OnDemandProbe) => string;
  /** Log, metrics and module, for people; secrets hidden. */
  readonly debugPage: (outcome: ProbeOutcome, probe: OnDemandProbe) => string;
  /** Takes an ended probe into the history and the log; cheap, because every probe comes here. */
  readonly keep: (outcome: ProbeOutcome, probe: OnDemandProbe) => void;
  readonly countUnknownModule: () => void;
  /** @param rule Bounded: a rule of the policy. */
  readonly countRefusal: (rule: string) => void;
};
