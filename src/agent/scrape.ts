import type { ProbePool } from "../probe/worker/pool.ts";
import type { AgentMetrics } from "../report/agent-metrics.ts";
import type { ContinuousReport } from "../report/continuous.ts";
import type { Clock } from "../runtime/clock.ts";
import type { WriteMetrics } from "../server/metrics-routes.ts";
import type { Current } from "./current.ts";
import { groupFigures } from "./in-force.ts";

/** What `/metrics` gives: everything continuous, then the agent itself. */
export function createScrape(parts: {
  readonly current: Readonly<Current>;
  readonly report: ContinuousReport;
  readonly metrics: AgentMetrics;
  readonly pool: () => ProbePool;
  readonly clock: Clock;
}): WriteMetrics {
  const { current, report, metrics, clock } = parts;
  return async (sink, signal) => {
    const startSeconds = clock.monotonicSeconds();
    // A reload may give the agent another engine meanwhile; this answer stays with its own.
    const { engine } = current;
    const snapshot = async () => (engine.state === "running" ? engine.snapshot() : undefined);
    const written = await report.write(sink, { snapshot }, signal);
    const own = await metrics.render({
      engine: engine.state === "running" ? await engine.figures() : undefined,
      pool: await parts.pool().figures(),
      groups: groupFigures(current.inForce, written.seriesByGroup),
      scrapeSeconds: clock.monotonicSeconds() - startSeconds,
    });
    await sink.write(own);
  };
}
