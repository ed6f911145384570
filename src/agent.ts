import { createApiService } from "./agent/api.ts";
import { warnOfSlowProgram, warnOfSmallBuffers } from "./agent/engine-warnings.ts";
import { HttpTargets } from "./agent/http-targets.ts";
import { IcmpTargets } from "./agent/icmp-targets.ts";
import { NameWatch } from "./agent/name-watch.ts";
import { createProbeService } from "./agent/on-demand.ts";
import { readinessOf } from "./agent/readiness.ts";
import { type StreamList, streamsOf } from "./agent/streams.ts";
import { echoesPerSecond } from "./config/budget.ts";
import type { Config } from "./config/config.ts";
import { startEngine } from "./icmp/engine.ts";
import type { Engine } from "./icmp/engine-contract.ts";
import { createPolicy, type Policy } from "./policy/policy.ts";
import type { ListenAddress } from "./policy/verdict.ts";
import { createProbePool, type ProbePool } from "./probe/worker/pool.ts";
import { AgentMetrics } from "./report/agent-metrics.ts";
import { ContinuousReport } from "./report/continuous.ts";
import { createResolver, type Resolver } from "./resolve/resolver.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Logger } from "./runtime/log.ts";
import { packageVersion } from "./runtime/version.ts";
import { createApp } from "./server/app.ts";
import { type Listening, listen } from "./server/listen.ts";

export type AgentOptions = {
  readonly config: Config;
  readonly listenAddresses: readonly string[];
  readonly timeoutOffsetSeconds: number;
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
  /** Ends everything it started, within two seconds. */
  readonly stop: () => Promise<void>;
};

/** Everything that runs, in the order it was started; stopped in the reverse order. */
type Running = {
  readonly engine: Engine;
  readonly resolver: Resolver;
  readonly pool: ProbePool;
  readonly names: NameWatch;
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
  const streamList = streamsOf(config);
  const policy = createPolicy({
    options: config.probe,
    groupsTargets: new Set(streamList.streams.map(({ target }) => target.target)),
    hasGroups: config.groups.length > 0,
  });
  warnOfOpenPolicy(config, policy, log);

  const engine = await startEngine({
    engine: config.icmp,
    log,
    onFault: options.onFault,
    // No stream is refused before it was added, which is after the start.
    onRefused: (stream, address, sentence) => icmpTargets.refused(stream, address, sentence),
    isDebug: options.isDebug ?? false,
  });
  if (engine.state === "unavailable") {
    log.error("ICMP cannot be measured", { error: engine.problem });
  }
  const resolver = createResolver({ options: config.resolver, clock, log });
  const icmpTargets = new IcmpTargets({ engine, report, log });
  const httpTargets = new HttpTargets(report);
  const names = new NameWatch({
    resolve: (name, signal) => resolver.cached(name, signal),
    clock,
    retrySeconds: config.resolver.min_ttl,
    onResolution: (name, resolution) => icmpTargets.resolved(name, resolution),
  });

  const wantsIcmp = streamList.streams.some(({ module }) => module.prober === "icmp");
  let hasStarted = false;
  let running: Running | undefined;
  let listening: Listening | undefined;
  const listenAddresses = (): readonly ListenAddress[] => listening?.addresses ?? [];
  try {
    const app = createApp({
      log,
      routePrefix: "/",
      metrics: (sink, signal) => writeMetrics(sink, signal),
      probe: createProbeService({
        config,
        policy,
        metrics,
        clock,
        engine,
        resolver,
        timeoutOffsetSeconds: options.timeoutOffsetSeconds,
        listenAddresses,
        pool: () => poolOf(running),
      }),
      api: createApiService({ config, report, engine, resolver, listenAddresses }),
      isReady: () => {
        const engineProblem = wantsIcmp ? problemOfEngine(engine) : undefined;
        return readinessOf({ hasStarted, engineProblem, clock, startedAtSeconds, names });
      },
      landing: () => ({
        version: packageVersion(),
        policyMode: policy.mode,
        modules: Object.keys(config.modules),
        groupCount: config.groups.length,
        targetCount: streamList.streams.length,
      }),
    });
    listening = await listen({ listenAddresses: options.listenAddresses, handler: app, log });
    const pool = await createProbePool({
      config: {
        modules: config.modules,
        resolver: config.resolver,
        maxConcurrent: config.probers.max_concurrent,
      },
      guard: { deny: config.probe.deny, listen: listening.addresses },
      log,
      onFault: options.onFault,
      onOutcomes: (batch) => {
        for (const { stream, outcome, startDelaySeconds, pace } of batch) {
          if (!pace.isFast) metrics.observeStartDelay(startDelaySeconds);
          if (outcome.isDisturbed) metrics.countDisturbed();
          httpTargets.record(stream, outcome, pace);
        }
      },
    });
    running = { engine, resolver, pool, names };
  } catch (error) {
    await listening?.close();
    names.stop();
    resolver.close();
    await engine.stop();
    throw error;
  }

  const { pool } = running;
  for (const stream of streamList.streams) {
    if (stream.module.prober === "icmp") icmpTargets.add(stream, names);
    else httpTargets.add(stream, pool);
  }
  if (engine.state === "running") {
    const { families } = await engine.figures();
    const { receive_buffer: askedBytes } = config.icmp;
    warnOfSmallBuffers({ families, echoesPerSecond: echoesPerSecond(config), askedBytes, log });
    warnOfSlowProgram({ families, echoesPerSecond: echoesPerSecond(config), log });
  }
  hasStarted = true;
  metrics.setReload(true, clock.wallSeconds());
  log.info("Sounder is running", {
    version: packageVersion(),
    groups: config.groups.length,
    streams: streamList.streams.length,
    policy: policy.mode,
    listen: listening.addresses.map(({ address, port }) => `${address}:${port}`).join(" "),
  });

  async function writeMetrics(
    sink: { readonly write: (chunk: string) => void | Promise<void> },
    signal: AbortSignal,
  ): Promise<void> {
    const startSeconds = clock.monotonicSeconds();
    const isRunning = engine.state === "running";
    const written = await report.write(
      sink,
      { snapshot: async () => (isRunning ? engine.snapshot() : undefined) },
      signal,
    );
    const own = await metrics.render({
      engine: isRunning ? await engine.figures() : undefined,
      pool: await poolOf(running).figures(),
      groups: groupFigures(config, streamList, written.seriesByGroup),
      scrapeSeconds: clock.monotonicSeconds() - startSeconds,
    });
    await sink.write(own);
  }

  return {
    addresses: listening.addresses,
    stop: async () => {
      names.stop();
      await Promise.all([listening.close(), pool.stop(), engine.stop()]);
      resolver.close();
    },
  };
}

/** Why the engine does not run; undefined when it does. */
function problemOfEngine({ state, problem }: Engine): string | undefined {
  return state === "running" ? undefined : (problem ?? `the engine is ${state}`);
}

function poolOf(running: Running | undefined): ProbePool {
  if (running === undefined) throw new Error("The agent is still starting");
  return running.pool;
}

/** @see product.md: drop-in use without groups lets `/probe` reach anything but what is denied. */
function warnOfOpenPolicy(config: Config, policy: Policy, log: Logger): void {
  if (policy.mode !== "any" || config.probe.targets !== "auto") return;
  log.warn(
    "/probe may be asked for any target, as in blackbox_exporter: set probe.targets to configured or none to close it",
  );
}

function groupFigures(
  config: Config,
  { streams, duplicatesByGroup }: StreamList,
  seriesByGroup: ReadonlyMap<string, number>,
) {
  return config.groups.map(({ name }) => ({
    name,
    targets: streams.filter(({ group }) => group.name === name).length,
    targetsWaiting: 0,
    duplicateTargets: duplicatesByGroup.get(name) ?? 0,
    series: seriesByGroup.get(name) ?? 0,
  }));
}
