import { probeDns } from "./dns/dns.ts";
import { probeGrpc } from "./grpc/grpc.ts";
import { probeHttp } from "./http/http.ts";
import type { ProberName } from "./module.ts";
import type { ProbeRequest, ProbeTools } from "./probe-request.ts";
import type { ProbeOutcome } from "./prober.ts";
import { probeTcp } from "./tcp/tcp.ts";
import { probeUnix } from "./unix/unix.ts";
import { probeWebsocket } from "./websocket/websocket.ts";

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
  dns: probeDns,
  grpc: probeGrpc,
  websocket: probeWebsocket,
  tcp: probeTcp,
  unix: probeUnix,
};

/** A count of nothing for each prober of the table. */
export function zeroEach(): Record<WorkerProberName, number> {
  const names = Object.keys(PROBER_TABLE);
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<WorkerProberName, number>;
}
