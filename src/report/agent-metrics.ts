import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { AGENT_FAULTS } from "../icmp/echo.ts";
import type { EngineFigures } from "../icmp/engine-contract.ts";
import { headText, histogramText, leTexts } from "../metrics/exposition.ts";
import { DURATION_BOUNDS_SECONDS, SEND_LAG_BOUNDS } from "../metrics/histogram.ts";
import { PROBERS } from "../probe/module.ts";
import type { PoolFigures } from "../probe/worker/messages.ts";
import type { Metric } from "./catalogue/metric.ts";
import { AGENT_METRICS } from "./catalogue.ts";
import { FollowedCounter, isCount } from "./followed-counter.ts";

/**
 * How often the lag of the main thread's loop is looked at. prom-client's default, 100 wake-ups a second, costs as much as
 * a thousand echoes.
 */
const EVENT_LOOP_LOOK_MILLISECONDS = 500;

/** A group as the agent counts it. */
export type GroupFigures = {
  readonly name: string;
  readonly targets: number;
  readonly targetsWaiting: number;
  readonly duplicateTargets: number;
  /** Of the same answer (`WrittenFigures.seriesByGroup`). */
  readonly series: number;
};

/** All that the agent's own metrics read at a scrape. */
export type AgentFigures = {
  /** Undefined while there is no engine, or it did not answer: its counters stay where they were. */
  readonly engine: EngineFigures | undefined;
  readonly pool: Pick<PoolFigures, "inFlight" | "missedTicks">;
  readonly groups: readonly GroupFigures[];
  /** How long the continuous part of this answer took. */
  readonly scrapeSeconds: number;
};

const SEND_LAG_LES = leTexts(SEND_LAG_BOUNDS);

/**
 * The agent's own metrics, in a registry of their own, with prom-client's `process_*` and `nodejs_*`.
 *
 * Everything is labelled by what the configuration or the program names, never by what a peer sends.
 */
export class AgentMetrics {
  readonly #registry = new Registry();
  readonly #reloadSuccessful = this.#gauge(AGENT_METRICS.reloadSuccessful);
  readonly #reloadTimestamp = this.#gauge(AGENT_METRICS.reloadTimestamp);
  readonly #icmpInfo = this.#gauge(AGENT_METRICS.icmpInfo);
  readonly #socketDrops = this.#followed(AGENT_METRICS.socketDrops);
  readonly #receiveBuffer = this.#gauge(AGENT_METRICS.receiveBuffer);
  readonly #receiveBufferWanted = this.#gauge(AGENT_METRICS.receiveBufferWanted);
  readonly #foreignPackets = this.#followed(AGENT_METRICS.foreignPackets);
  readonly #stampMissing = this.#followed(AGENT_METRICS.stampMissing);
  readonly #fastEchoesSkipped = this.#followed(AGENT_METRICS.fastEchoesSkipped);
  readonly #measurementSuspect = this.#gauge(AGENT_METRICS.measurementSuspect);
  readonly #probesInFlight = this.#gauge(AGENT_METRICS.probesInFlight);
  readonly #probeStartDelay: Histogram;
  readonly #probesDisturbed = this.#counter(AGENT_METRICS.probesDisturbed);
  readonly #missedTicks = this.#followed(AGENT_METRICS.missedTicks);
  readonly #scrapeDuration = this.#gauge(AGENT_METRICS.scrapeDuration);
  readonly #targets = this.#gauge(AGENT_METRICS.targets);
  readonly #targetsWaiting = this.#gauge(AGENT_METRICS.targetsWaiting);
  readonly #duplicateTargets = this.#gauge(AGENT_METRICS.duplicateTargets);
  readonly #series = this.#gauge(AGENT_METRICS.series);
  readonly #probeRefusals = this.#counter(AGENT_METRICS.probeRefusals);
  readonly #moduleUnknown = this.#counter(AGENT_METRICS.moduleUnknown);
  #sendLag: EngineFigures["sendLag"] | undefined;

  constructor(options: {
    readonly version: string;
    /** Commit of the build, where it is known. */
    readonly revision?: string;
    readonly nodeVersion: string;
    /** Whether `process_*` and `nodejs_*` come along; they start an observer of garbage collection. */
    readonly hasNodeMetrics?: boolean;
  }) {
    const { version, revision, nodeVersion: node } = options;
    const build = revision === undefined ? { version, node } : { version, revision, node };
    this.#gauge(AGENT_METRICS.buildInfo).set(build, 1);
    const { name, help } = AGENT_METRICS.probeStartDelay;
    const buckets = [...DURATION_BOUNDS_SECONDS];
    this.#probeStartDelay = new Histogram({ name, help, buckets, registers: [this.#registry] });
    if (options.hasNodeMetrics ?? true) addNodeMetrics(this.#registry);
  }

  /** From when a probe was due to when it began. */
  observeStartDelay(seconds: number): void {
    this.#probeStartDelay.observe(seconds);
  }

  /** A probe during which the agent was late itself. */
  countDisturbed(): void {
    this.#probesDisturbed.inc();
  }

  /** @param atSeconds Unix time; kept as the last success when `isOk`. */
  setReload(isOk: boolean, atSeconds: number): void {
    this.#reloadSuccessful.set(isOk ? 1 : 0);
    if (isOk) this.#reloadTimestamp.set(atSeconds);
  }

  /** @param rule The short name from the verdict, one of few. */
  countRefusal(rule: string): void {
    this.#probeRefusals.inc({ rule });
  }

  countUnknownModule(): void {
    this.#moduleUnknown.inc();
  }

  /** The agent's part of `/metrics`, to follow the continuous part. */
  async render(figures: AgentFigures): Promise<string> {
    this.#readPool(figures.pool);
    this.#readGroups(figures.groups);
    if (figures.engine !== undefined) this.#readEngine(figures.engine);
    this.#missedTicks.follow({ prober: "icmp" }, figures.engine?.missedTicks);
    this.#scrapeDuration.set(figures.scrapeSeconds);
    return `${this.#sendLagText()}${await this.#registry.metrics()}`;
  }

  /** What a transport cannot know is absent, rather than a 0 that would claim it. */
  #readEngine(engine: EngineFigures): void {
    for (const gauge of [this.#icmpInfo, this.#receiveBuffer, this.#measurementSuspect]) {
      gauge.reset();
    }
    for (const { family, transport, transmitStamp, socketDrops, ...of } of engine.families) {
      this.#icmpInfo.set({ family, transport, transmit_stamp: transmitStamp }, 1);
      if (isCount(socketDrops)) this.#socketDrops.follow({ family }, socketDrops);
      if (of.receiveBufferBytes > 0) this.#receiveBuffer.set({ family }, of.receiveBufferBytes);
    }
    this.#receiveBufferWanted.set(engine.wantedReceiveBufferBytes);
    this.#foreignPackets.follow({}, engine.foreignPackets);
    this.#stampMissing.follow({}, engine.stampsMissing);
    this.#fastEchoesSkipped.follow({}, engine.fastEchoesSkipped);
    for (const cause of new Set([...AGENT_FAULTS, ...engine.suspectCauses])) {
      this.#measurementSuspect.set({ cause }, engine.suspectCauses.includes(cause) ? 1 : 0);
    }
    this.#sendLag = engine.sendLag;
  }

  #readPool({ inFlight, missedTicks }: AgentFigures["pool"]): void {
    for (const prober of PROBERS) {
      // Echoes have a table of their own; nobody waits for one.
      if (prober === "icmp") continue;
      this.#probesInFlight.set({ prober }, inFlight[prober] ?? 0);
      this.#missedTicks.follow({ prober }, missedTicks[prober] ?? 0);
    }
  }

  #readGroups(groups: readonly GroupFigures[]): void {
    const gauges = [this.#targets, this.#targetsWaiting, this.#duplicateTargets, this.#series];
    for (const gauge of gauges) gauge.reset();
    for (const { name: group, targets, targetsWaiting, duplicateTargets, series } of groups) {
      this.#targets.set({ group }, targets);
      this.#targetsWaiting.set({ group }, targetsWaiting);
      this.#duplicateTargets.set({ group }, duplicateTargets);
      this.#series.set({ group }, series);
    }
  }

  /** By our own writer: the buckets come counted, and prom-client's histograms only observe. */
  #sendLagText(): string {
    const { sendLag } = AGENT_METRICS;
    const lag = this.#sendLag;
    if (lag === undefined) return "";
    const counts = { buckets: lag.buckets, offset: 0, sum: lag.sumSeconds };
    return `${headText(sendLag)}${histogramText(sendLag.name, "", SEND_LAG_LES, counts)}`;
  }

  #gauge(metric: Metric): Gauge {
    return new Gauge(this.#configuration(metric));
  }

  #counter(metric: Metric): Counter {
    return new Counter(this.#configuration(metric));
  }

  #followed(metric: Metric): FollowedCounter {
    return new FollowedCounter(this.#counter(metric));
  }

  #configuration({ name, help, labels }: Metric) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

function addNodeMetrics(registry: Registry): void {
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MILLISECONDS,
  });
  for (const { name } of registry.getMetricsAsArray()) {
    // Its `nodejs_active_*` are gauges that end in `_total`: against the naming rules.
    if (name.startsWith("nodejs_active_")) registry.removeSingleMetric(name);
  }
}
