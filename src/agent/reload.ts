import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import type { Engine } from "../icmp/engine-contract.ts";
import type { EngineOptions } from "../icmp/options.ts";
import type { AgentMetrics } from "../report/agent-metrics.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { Reload, ReloadResult } from "../server/reload-service.ts";
import type { Current } from "./current.ts";
import { meaningOf } from "./in-force.ts";
import type { Swap } from "./swap.ts";

/** Where a configuration comes from. */
export type ConfigSource = {
  /** For messages. */
  readonly name: string;
  readonly load: () => Promise<Loaded>;
};

/**
 * Reads the configuration aside, builds what it needs aside, and swaps when all of it is there. What is
 * wrong changes nothing, and is said in the answer, the log and
 * `sounder_config_last_reload_successful`.
 *
 * One at a time. Who asks while one is under way gets the next one, together with all others who wait:
 * the file may have changed since the one under way read it.
 */
export function createReload(parts: {
  readonly source: ConfigSource;
  readonly current: Readonly<Pick<Current, "inForce" | "text">>;
  readonly startEngine: (options: EngineOptions) => Promise<Engine>;
  readonly swap: Swap;
  readonly metrics: Pick<AgentMetrics, "setReload">;
  readonly clock: Clock;
  readonly log: Logger;
}): Reload {
  const { source, current, metrics, clock, log } = parts;

  const refused = (sentence: string): ReloadResult => {
    metrics.setReload(false, clock.wallSeconds());
    log.error("the configuration was not reloaded: the one before stays in force", {
      error: sentence,
    });
    return { kind: "refused", sentence };
  };
  const accepted = (kind: "reloaded" | "unchanged"): ReloadResult => {
    metrics.setReload(true, clock.wallSeconds());
    const { config, streamList } = current.inForce;
    log.info(
      kind === "reloaded" ? "the configuration was reloaded" : "the configuration is unchanged",
      {
        groups: config.groups.length,
        streams: streamList.streams.length,
        policy: current.inForce.policy.mode,
      },
    );
    return { kind };
  };

  const reloadNow = async (): Promise<ReloadResult> => {
    const loaded = await source.load();
    if (!loaded.ok) return refused(problemsText(source.name, loaded));
    if (loaded.text !== undefined && loaded.text === current.text) return accepted("unchanged");
    const next = meaningOf(loaded.value);
    const engine = needsOtherEngine(current.inForce.config, next.config)
      ? await parts.startEngine(next.config.icmp)
      : undefined;
    if (engine?.state === "unavailable") {
      return refused(`icmp: ${engine.problem ?? "the engine cannot be started"}`);
    }
    await parts.swap(next, engine, loaded.text);
    return accepted("reloaded");
  };

  let running: Promise<ReloadResult> | undefined;
  let waiting: Promise<ReloadResult> | undefined;
  const run = (): Promise<ReloadResult> => {
    const mine = reloadNow().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (running === undefined) return run();
    waiting ??= running
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        return run();
      });
    return waiting;
  };
}

/** The packet budget is of the configuration alone; everything else of the block is the engine's. */
function needsOtherEngine(before: Config, next: Config): boolean {
  const { max_packets_per_second: _before, ...old } = before.icmp;
  const { max_packets_per_second: _next, ...now } = next.icmp;
  return !isDeepStrictEqual(old, now);
}

/** Problems told in one answer; `sounder check` tells all. */
const MAX_PROBLEMS = 20;

function problemsText(name: string, { problems }: Extract<Loaded, { readonly ok: false }>): string {
  const shown = problems
    .slice(0, MAX_PROBLEMS)
    .map((problem) => formatProblem(name, problem).trim());
  const more = problems.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`].join("\n") : shown.join("\n");
}
