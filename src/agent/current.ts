import type { Engine } from "../icmp/engine-contract.ts";
import { createGuard } from "../policy/guard.ts";
import type { Guard, ListenAddress } from "../policy/verdict.ts";
import type { WorkerSettings } from "../probe/worker/messages.ts";
import type { Resolver } from "../resolve/resolver.ts";
import type { InForce } from "./in-force.ts";

/** What a reload may replace. Whoever needs one of these asks here, each time. */
export type Current = {
  inForce: InForce;
  engine: Engine;
  resolver: Resolver;
  /** Of probes on demand that run beside the engine. */
  guard: Guard;
  /** The text of the file in force; undefined where the configuration came from no file. */
  text: string | undefined;
};

/** What a configuration says to the probe worker. */
export function workerSettings(
  { config }: InForce,
  listenAddresses: readonly ListenAddress[],
): WorkerSettings {
  return {
    modules: config.modules,
    resolver: config.resolver,
    maxConcurrent: config.probers.max_concurrent,
    guard: { deny: config.probe.deny, listen: listenAddresses },
  };
}

export function guardOf({ config }: InForce, listenAddresses: readonly ListenAddress[]): Guard {
  return createGuard({ deny: config.probe.deny, listen: listenAddresses });
}
