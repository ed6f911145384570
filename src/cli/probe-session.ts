import type { Config } from "../config/config.ts";
import { startEngine } from "../icmp/engine.ts";
import { createGuard } from "../policy/guard.ts";
import type { GuardData, Permit } from "../policy/verdict.ts";
import { probeIcmp } from "../probe/icmp/icmp.ts";
import type { Module } from "../probe/module.ts";
import type { ProbeRequest } from "../probe/probe-request.ts";
import type { ProbeOutcome } from "../probe/prober.ts";
import { createProbePool } from "../probe/worker/pool.ts";
import { createResolver } from "../resolve/resolver.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";

/** One probe by hand. */
export type HandProbe = {
  readonly moduleName: string;
  /** With the hostname in it. */
  readonly module: Module;
  readonly target: string;
  readonly timeoutSeconds: number;
};

/** The operator's own hand: nothing is denied but what is never probed. */
const NOTHING_DENIED: GuardData = { deny: [], listen: [] };

/**
 * Starts what one probe needs, makes it, and ends all of it again, however that ends.
 *
 * ICMP takes an engine. Any other prober runs where it always does, in the probe worker: its warmed-up thread takes a
 * quarter of a second to start, and its phases are then those of `/probe`. In this thread the loading of code would be
 * in them.
 *
 * @param log What the parts complain about beside the probe.
 * @throws when the probe worker cannot be started or dies.
 */
export async function probeOnce(
  probe: HandProbe,
  config: Pick<Config, "icmp" | "resolver">,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<ProbeOutcome> {
  const { module, target, timeoutSeconds } = probe;
  const request: ProbeRequest = {
    module,
    target,
    timeoutSeconds,
    // Already in the module.
    hostname: undefined,
    permit: permitOf(probe),
    isDebug: true,
  };
  return module.prober === "icmp"
    ? await throughEngine(request, config, { log, signal })
    : await throughPool(request, probe.moduleName, config, { log, signal });
}

function permitOf({ module, target }: HandProbe): Permit {
  return module.prober === "unix" ? { kind: "path", path: target } : { kind: "deny_only" };
}

type Surroundings = { readonly log: Logger; readonly signal: AbortSignal };

async function throughEngine(
  request: ProbeRequest,
  config: Pick<Config, "icmp" | "resolver">,
  { log, signal }: Surroundings,
): Promise<ProbeOutcome> {
  const resolver = createResolver({ options: config.resolver, clock: systemClock, log });
  // An engine that dies tells every echo in flight as well, and that ends the probe.
  const engine = await startEngine({ engine: config.icmp, log, onFault: () => {} });
  try {
    const tools = {
      engine,
      resolve: resolver.fresh,
      guard: createGuard(NOTHING_DENIED),
      clock: systemClock,
    };
    return await probeIcmp(request, tools, signal);
  } finally {
    resolver.close();
    await engine.stop();
  }
}

async function throughPool(
  request: ProbeRequest,
  moduleName: string,
  config: Pick<Config, "resolver">,
  { log, signal }: Surroundings,
): Promise<ProbeOutcome> {
  const pool = await createProbePool({
    // This module alone: the worker prepares all it is given.
    settings: {
      modules: { [moduleName]: request.module },
      resolver: config.resolver,
      maxConcurrent: 1,
      guard: NOTHING_DENIED,
    },
    log,
    onOutcomes: () => {},
    // The probe in flight rejects with the same error.
    onFault: () => {},
  });
  try {
    return await pool.probe(request, signal);
  } finally {
    await pool.stop();
  }
}
