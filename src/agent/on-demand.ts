import { probeIcmp } from "../probe/icmp/icmp.ts";
import type { ProbeOutcome } from "../probe/prober.ts";
import type { ProbePool } from "../probe/worker/pool.ts";
import type { AgentMetrics } from "../report/agent-metrics.ts";
import {
  agentLogLevel,
  createProbeLog,
  debugPage,
  type ProbeLogSettings,
} from "../report/debug-page.ts";
import type { ProbeHistory } from "../report/probe-history.ts";
import { probePage } from "../report/probe-page.ts";
import type { Clock } from "../runtime/clock.ts";
import type { OnDemandProbe, ProbeService } from "../server/probe-service.ts";
import type { Current } from "./current.ts";

/** What the flags say of probes made on demand. */
export type OnDemandSettings = {
  /** Probes kept for `/logs`, and as many failed ones that were pushed out. */
  readonly historyLimit: number;
  /** `--log.prober`, `--log.format`. */
  readonly probeLog: ProbeLogSettings;
  /** Takes a line of a probe for the agent's own log, newline included. */
  readonly writeLog: (line: string) => void;
};

/** `/probe`: ICMP through the engine from here, every other prober in the probe worker. */
export function createProbeService(options: {
  readonly current: Readonly<Current>;
  readonly metrics: AgentMetrics;
  readonly clock: Clock;
  readonly timeoutOffsetSeconds: number;
  readonly pool: () => ProbePool;
  readonly settings: OnDemandSettings;
  readonly history: ProbeHistory;
}): ProbeService {
  const { current, metrics, clock, history } = options;
  const { probeLog, writeLog } = options.settings;
  const logProbe = createProbeLog({
    level: agentLogLevel(probeLog.level),
    format: probeLog.format,
    write: writeLog,
  });
  const pageOf = (outcome: ProbeOutcome, probe: OnDemandProbe): string => {
    const { module, moduleName, target, timeoutSeconds } = probe;
    const pageText = probePage(outcome, { timeoutSeconds });
    return debugPage(outcome, { module, moduleName, target, pageText, log: probeLog });
  };
  return {
    modules: () => current.inForce.config.modules,
    timeoutOffsetSeconds: options.timeoutOffsetSeconds,
    maxConcurrent: () => current.inForce.config.probe.max_concurrent,
    admit: (request) => current.inForce.policy.admit(request),
    run: async (probe, signal) => {
      const request = { ...probe, hostname: undefined, isDebug: true };
      if (probe.module.prober !== "icmp") return options.pool().probe(request, signal);
      const { engine, resolver, guard } = current;
      return probeIcmp(request, { engine, resolve: resolver.fresh, guard, clock }, signal);
    },
    page: (outcome, { timeoutSeconds }) => probePage(outcome, { timeoutSeconds }),
    debugPage: pageOf,
    keep: (outcome, probe) => {
      const { target, moduleName } = probe;
      logProbe(outcome, probe);
      history.add({ target, moduleName, outcome, debugText: () => pageOf(outcome, probe) });
    },
    countUnknownModule: () => metrics.countUnknownModule(),
    countRefusal: (rule) => metrics.countRefusal(rule),
  };
}
