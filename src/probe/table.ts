import { probeHttp } from "./http/http.ts";
import type { ProberName } from "./module.ts";
import type { ProbeRequest, ProbeTools } from "./probe-request.ts";
import type { ProbeOutcome } from "./prober.ts";

/** Makes one probe. Ends by itself within its timeout; never throws because of a target. */
export type Prober = (
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
) => Promise<ProbeOutcome>;

/** The probers that run in the probe worker: all but icmp, whose place is the engine (`icmp.ts`). */
export type WorkerProberName = Exclude<ProberName, "icmp">;

export const PROBER_TABLE: Readonly<Record<WorkerProberName, Prober>> = {
  http: probeHttp,
};
