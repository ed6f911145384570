import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { EchoFailure, Engine } from "../icmp/engine-contract.ts";
import { createGuard } from "../policy/guard.ts";
import type { ListenAddress } from "../policy/verdict.ts";
import { ping } from "../probe/icmp/ping.ts";
import type { ContinuousReport } from "../report/continuous.ts";
import type { Resolver } from "../resolve/resolver.ts";
import type { ApiService } from "../server/api-routes.ts";

/** `/api/v1`: what the report holds, and echoes through the engine. */
export function createApiService(options: {
  readonly config: Config;
  readonly report: ContinuousReport;
  readonly engine: Engine;
  readonly resolver: Resolver;
  /** Known only once the server listens. */
  readonly listenAddresses: () => readonly ListenAddress[];
}): ApiService {
  const { config, report, engine, resolver } = options;
  const snapshot = async () => (engine.state === "running" ? engine.snapshot() : undefined);
  const failures = async () =>
    engine.state === "running" ? engine.failures() : new Map<number, EchoFailure>();
  return {
    targets: ({ isFailingOnly }, signal) =>
      report.list({ snapshot, failures, isFailingOnly }, signal),
    ping: (request, signal) => {
      const guard = createGuard({ deny: config.probe.deny, listen: options.listenAddresses() });
      const tools = { engine, resolve: resolver.fresh, guard, pause };
      return ping(request, tools, signal);
    },
  };
}

function pause(seconds: number, signal: AbortSignal): Promise<unknown> {
  return sleep(seconds * 1000, undefined, { signal });
}
