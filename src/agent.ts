import { createApiService } from "./agent/api.ts";
import { type Current, guardOf, workerSettings } from "./agent/current.ts";
import { warnOfSlowProgram, warnOfSmallBuffers } from "./agent/engine-warnings.ts";
import { IcmpTargets } from "./agent/icmp-targets.ts";
import { type InForce, meaningOf } from "./agent/in-force.ts";
import { NameWatch } from "./agent/name-watch.ts";
import { createProbeService, type OnDemandSettings } from "./agent/on-demand.ts";
import { ProbeTargets } from "./agent/probe-targets.ts";
import { readinessOf } from "./agent/readiness.ts";
import { type ConfigSource, createReload } from "./agent/reload.ts";
import { createScrape } from "./agent/scrape.ts";
import { createSwap } from "./agent/swap.ts";
import { Targets } from "./agent/targets.ts";
import { echoesPerSecond } from "./config/budget.ts";
import type { Config } from "./config/config.ts";
import { warningsOf } from "./config/warnings.ts";
import { startEngine } from "./icmp/engine.ts";
import type { Engine } from "./icmp/engine-contract.ts";
import type { EngineOptions } from "./icmp/options.ts";
import type { ListenAddress } from "./policy/verdict.ts";
import { createProbePool, type ProbePool } from "./probe/worker/pool.ts";
import { AgentMetrics } from "./report/agent-metrics.ts";
import { ContinuousReport } from "./report/continuous.ts";
import { ProbeHistory } from "./report/probe-history.ts";
import { createResolver } from "./resolve/resolver.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Logger } from "./runtime/log.ts";
import { packageVersion } from "./runtime/version.ts";
import { createApp } from "./server/app.ts";
import { type Listening, listen } from "./server/listen.ts";
import type { Reload } from "./server/reload-service.ts";
import type { WebSettings } from "./server/web-settings.ts";

export type AgentOptions = {
  readonly config: Config;
  /** The text `config` was read from, so that a reload can tell whether it changed. */
  readonly configText?: string | undefined;
  /** Where a reload reads; without it the agent cannot be reloaded. */
  readonly source?: ConfigSource;
  readonly listenAddresses: readonly string[];
  readonly timeoutOffsetSeconds: number;
  readonly web: WebSettings;
  readonly onDemand: OnDemandSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells the log of every echo whose failure somebody explained. */
  readonly isDebug?: boolean;
  /** Told when a part of the agent died; nothing but ending the process is right then. */
  readonly onFault: (error: Error) => void;
};

/** A running agent. */
export type Agent = {
  /** Where it listens, ports as bound. */
  readonly addresses: readonly ListenAddress[];
  /** Undefined when it was started without a source. */
  readonly reload: Reload | undefined;
  /** Ends everything it started, within two seconds. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts the agent: engine, probe worker, server, then the targets.
 *
 * @throws an Error that says what to do, when an address cannot be listened on; nothing is left running then.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, clock, log } = options;
  const startedAtSeconds = clock.monotonicSeconds();
  const report = new ContinuousReport({ clock });
  const metrics = new AgentMetrics({ version: packageVersion(), nodeVersion: process.version });
  const history = new ProbeHistory(options.onDemand.historyLimit);
  const inForce = meaningOf(config);
  warnOfOpenPolicy(inForce, log);
  warnOfModules(config, log);

  const startOneEngine = (engine: EngineOptions): Promise<Engine> =>
    startEngine({
      engine,
      log,
      onFault: options.onFault,
      // No stream is refused before it was added, which is after the start.
      onRefused: (stream, address, sentence) => icmpTargets.refused(stream, address, sentence),
      isDebug: options.isDebug ?? false,
    });
  const engine = await startOneEngine(config.icmp);
  if (engine.state === "unavailable") {
    log.error("ICMP cannot be measured", { error: engine.problem });
  }
  const resolver = createResolver({ options: config.resolver, clock, log });
  const guard = guardOf(inForce, []);
  const current: Current = { inForce, engine, resolver, guard, text: options.configText };
  const names = new NameWatch({
    resolve: (name, signal) => current.resolver.cached(name, signal),
    clock,
    retrySeconds: () => current.inForce.config.resolver.min_ttl,
    onResolution: (name, resolution) => icmpTargets.resolved(name, resolution),
  });
  const icmpTargets = new IcmpTargets({ engine, report, names, log });
  const probeTargets = new ProbeTargets(report);

  let hasStarted = false;
  let pool: ProbePool | undefined;
  let listening: Listening | undefined;
  const runningPool = (): ProbePool => {
    if (pool === undefined) throw new Error("The agent is still starting");
    return pool;
  };
  let isStopping = false;
  const targets = new Targets({ icmp: icmpTargets, probes: probeTargets, pool: runningPool });
  const swap = createSwap({
    current,
    targets,
    icmpTargets,
    pool: runningPool,
    listenAddresses: () => listening?.addresses ?? [],
    isStopping: () => isStopping,
    clock,
    log,
  });
  const reload = options.source === undefined ? undefined : reloadOf(options.source);
  function reloadOf(source: ConfigSource): Reload {
    const reloadNow = createReload({
      source,
      current,
      startEngine: startOneEngine,
      swap: async (next, other, text) => {
        await swap(next, other, text);
        warnOfOpenPolicy(next, log);
        warnOfModules(next.config, log);
        await warnOfEngine(current, log);
      },
      metrics,
      clock,
      log,
    });
    return async () => {
      if (hasStarted) return await reloadNow();
      return { kind: "refused", sentence: "the agent is still starting: try again" };
    };
  }

  try {
    const app = createApp({
      log,
      clock,
      web: options.web,
      reload: options.web.isLifecycleEnabled ? reload : undefined,
      history,
      configuration: () => ({
        config: current.inForce.config,
        policyMode: current.inForce.policy.mode,
      }),
      metrics: createScrape({ current, report, metrics, pool: runningPool, clock }),
      probe: createProbeService({
        current,
        metrics,
        clock,
        timeoutOffsetSeconds: options.timeoutOffsetSeconds,
        pool: runningPool,
        settings: options.onDemand,
        history,
      }),
      api: createApiService({ current, report }),
      isReady: () => {
        const { streams } = current.inForce.streamList;
        const wantsIcmp = streams.some(({ module }) => module.prober === "icmp");
        const engineProblem = wantsIcmp ? problemOfEngine(current.engine) : undefined;
        return readinessOf({ hasStarted, engineProblem, clock, startedAtSeconds, names });
      },
      landing: () => ({
        version: packageVersion(),
        policyMode: current.inForce.policy.mode,
        modules: Object.keys(current.inForce.config.modules),
        groupCount: current.inForce.config.groups.length,
        targetCount: current.inForce.streamList.streams.length,
      }),
    });
    listening = await listen({ listenAddresses: options.listenAddresses, handler: app, log });
    current.guard = guardOf(inForce, listening.addresses);
    pool = await createProbePool({
      settings: workerSettings(inForce, listening.addresses),
      log,
      onFault: options.onFault,
      onOutcomes: (batch) => {
        for (const { stream, outcome, startDelaySeconds, pace } of batch) {
          if (!pace.isFast) metrics.observeStartDelay(startDelaySeconds);
          if (outcome.isDisturbed) metrics.countDisturbed();
          probeTargets.record(stream, outcome, pace);
        }
      },
    });
  } catch (error) {
    await listening?.close();
    names.stop();
    resolver.close();
    await engine.stop();
    throw error;
  }

  const { addresses } = listening;
  targets.begin(inForce);
  await warnOfEngine(current, log);
  hasStarted = true;
  metrics.setReload(true, clock.wallSeconds());
  log.info("Sounder is running", {
    version: packageVersion(),
    groups: config.groups.length,
    streams: inForce.streamList.streams.length,
    policy: inForce.policy.mode,
    listen: addresses.map(({ address, port }) => `${address}:${port}`).join(" "),
  });

  return {
    addresses,
    reload,
    stop: async () => {
      isStopping = true;
      names.stop();
      await Promise.all([listening?.close(), pool?.stop(), current.engine.stop()]);
      current.resolver.close();
    },
  };
}

/** Why the engine does not run; undefined when it does. */
function problemOfEngine({ state, problem }: Engine): string | undefined {
  return state === "running" ? undefined : (problem ?? `the engine is ${state}`);
}

/** Says what the engine's sockets lack for the rate that is asked of them. */
async function warnOfEngine({ engine, inForce: { config } }: Current, log: Logger): Promise<void> {
  if (engine.state !== "running") return;
  const { families } = await engine.figures();
  const { receive_buffer: askedBytes } = config.icmp;
  warnOfSmallBuffers({ families, echoesPerSecond: echoesPerSecond(config), askedBytes, log });
  warnOfSlowProgram({ families, echoesPerSecond: echoesPerSecond(config), log });
}

function warnOfModules(config: Config, log: Logger): void {
  for (const warning of warningsOf(config)) log.warn(warning);
}

/** @see product.md: drop-in use without groups lets `/probe` reach anything but what is denied. */
function warnOfOpenPolicy({ config, policy }: InForce, log: Logger): void {
  if (policy.mode !== "any" || config.probe.targets !== "auto") return;
  log.warn(
    "/probe may be asked for any target, as in blackbox_exporter: set probe.targets to configured or none to close it",
  );
}
