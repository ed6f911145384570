import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../icmp/engine-contract.ts";
import type { ListenAddress } from "../policy/verdict.ts";
import type { ProbePool } from "../probe/worker/pool.ts";
import { createResolver } from "../resolve/resolver.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { type Current, guardOf, workerSettings } from "./current.ts";
import type { IcmpTargets } from "./icmp-targets.ts";
import type { InForce } from "./in-force.ts";
import type { Targets } from "./targets.ts";

/**
 * Puts a configuration in force; cannot fail.
 *
 * @param engine A new one, or undefined to keep the one there is.
 */
export type Swap = (
  next: InForce,
  engine: Engine | undefined,
  text: string | undefined,
) => Promise<void>;

export function createSwap(parts: {
  readonly current: Current;
  readonly targets: Targets;
  readonly icmpTargets: IcmpTargets;
  readonly pool: () => ProbePool;
  readonly listenAddresses: () => readonly ListenAddress[];
  /** Whether the agent is about to end: a swap that comes late must leave nothing running. */
  readonly isStopping: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}): Swap {
  const { current, targets, icmpTargets, clock, log } = parts;
  return async (next, engine, text) => {
    if (parts.isStopping()) {
      await engine?.stop();
      return;
    }
    const before = { ...current };
    const addresses = parts.listenAddresses();
    current.text = text;
    current.inForce = next;
    current.guard = guardOf(next, addresses);
    if (!isDeepStrictEqual(before.inForce.config.resolver, next.config.resolver)) {
      // The one before is not closed: questions may be under way, and idle it holds nothing.
      current.resolver = createResolver({ options: next.config.resolver, clock, log });
    }
    parts.pool().configure(workerSettings(next, addresses));
    targets.change(before.inForce, next);
    if (engine === undefined) return;
    icmpTargets.moveTo(engine);
    current.engine = engine;
    await stopWhenRead(before.engine);
  };
}

/** Scrapes that have begun with an engine end with it: snapshots are taken one after another. */
async function stopWhenRead(engine: Engine): Promise<void> {
  if (engine.state === "running") await engine.snapshot();
  await engine.stop();
}
