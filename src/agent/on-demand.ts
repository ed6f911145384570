import type { Config } from "../config/config.ts";
import type { Engine } from "../icmp/engine-contract.ts";
import { createGuard } from "../policy/guard.ts";
import type { Policy } from "../policy/policy.ts";
import type { ListenAddress } from "../policy/verdict.ts";
import { probeIcmp } from "../probe/icmp/icmp.ts";
import type { ProbePool } from "../probe/worker/pool.ts";
import type { AgentMetrics } from "../report/agent-metrics.ts";
import { debugPage } from "../report/debug-page.ts";
import { probePage } from "../report/probe-page.ts";
import type { Resolver } from "../resolve/resolver.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ProbeService } from "../server/probe-service.ts";

/** `/probe`: ICMP through the engine from here, every other prober in the probe worker. */
export function createProbeService(options: {
  readonly config: Config;
  readonly policy: Policy;
  readonly metrics: AgentMetrics;
  readonly clock: Clock;
  readonly engine: Engine;
  readonly resolver: Resolver;
  readonly timeoutOffsetSeconds: number;
  /** Known only once the server listens. */
  readonly listenAddresses: () => readonly ListenAddress[];
  readonly pool: () => ProbePool;
}): ProbeService {
  const { config, policy, metrics, clock, engine, resolver } = options;
  return {
    modules: () => config.modules,
    timeoutOffsetSeconds: options.timeoutOffsetSeconds,
    maxConcurrent: () => config.probe.max_concurrent,
    admit: policy.admit,
    run: async (probe, signal) => {
      const request = { ...probe, hostname: undefined, isDebug: true };
      if (probe.module.prober !== "icmp") return options.pool().probe(request, signal);
      const guard = createGuard({ deny: config.probe.deny, listen: options.listenAddresses() });
      return probeIcmp(request, { engine, resolve: resolver.fresh, guard, clock }, signal);
    },
    page: (outcome, { timeoutSeconds }) => probePage(outcome, { timeoutSeconds }),
    debugPage: (outcome, { timeoutSeconds, module, moduleName, target }) =>
      debugPage(outcome, {
        module,
        moduleName,
        target,
        pageText: probePage(outcome, { timeoutSeconds }),
        level: "info",
      }),
    countUnknownModule: () => metrics.countUnknownModule(),
    countRefusal: (rule) => metrics.countRefusal(rule),
  };
}
