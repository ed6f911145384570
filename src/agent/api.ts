import { setTimeout as sleep } from "node:timers/promises";
import type { EchoFailure } from "../icmp/engine-contract.ts";
import { ping } from "../probe/icmp/ping.ts";
import type { ContinuousReport } from "../report/continuous.ts";
import type { ApiService } from "../server/api-routes.ts";
import type { Current } from "./current.ts";

/** `/api/v1`: what the report holds, and echoes through the engine. */
export function createApiService(options: {
  readonly current: Readonly<Pick<Current, "engine" | "resolver" | "guard">>;
  readonly report: ContinuousReport;
}): ApiService {
  const { current, report } = options;
  const isRunning = (): boolean => current.engine.state === "running";
  const snapshot = async () => (isRunning() ? current.engine.snapshot() : undefined);
  const failures = async () =>
    isRunning() ? current.engine.failures() : new Map<number, EchoFailure>();
  return {
    targets: ({ isFailingOnly }, signal) =>
      report.list({ snapshot, failures, isFailingOnly }, signal),
    ping: (request, signal) => {
      const { engine, resolver, guard } = current;
      return ping(request, { engine, resolve: resolver.fresh, guard, pause }, signal);
    },
  };
}

function pause(seconds: number, signal: AbortSignal): Promise<unknown> {
  return sleep(seconds * 1000, undefined, { signal });
}
