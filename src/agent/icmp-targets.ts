import type { Engine, StreamOrder } from "../icmp/engine-contract.ts";
import { payloadBytesOf, profileOf } from "../icmp/profile.ts";
import type { ContinuousReport } from "../report/continuous.ts";
import type { TargetProblem } from "../report/target-rows.ts";
import { chooseAddress, familyChoice } from "../resolve/choose.ts";
import type { Resolution } from "../resolve/resolution.ts";
import { type Address, parseAddress } from "../runtime/address.ts";
import type { Logger } from "../runtime/log.ts";
import { hostOf } from "../target/target.ts";
import type { NameWatch } from "./name-watch.ts";
import type { ContinuousStream } from "./streams.ts";

const NO_WANTED_ADDRESS: TargetProblem = {
  reason: "dns_no_address",
  detail: "the name has no address of the wanted family",
};

/** One series of a stream: its place in the report and in the engine. */
type Series = {
  readonly row: number;
  readonly echoStream: number | undefined;
  /** The address the engine sends to; undefined while it sends nothing. */
  aimedAt: string | undefined;
  /** Whether the engine was told an order that is no longer the configuration's. */
  isOutdated: boolean;
};

type IcmpTarget = {
  stream: ContinuousStream;
  /** By address text with `resolve: all`; else the only key is "". */
  readonly series: Map<string, Series>;
  address: Address | undefined;
};

/**
 * The ICMP streams of the configuration: gives each its place in the report and the engine, and the address its name
 * has now. A name without an address is a failing target that sends nothing.
 */
export class IcmpTargets {
  #engine: Engine;
  readonly #report: ContinuousReport;
  readonly #names: Pick<NameWatch, "watch" | "unwatch" | "latest">;
  readonly #log: Logger;
  readonly #targets = new Map<string, IcmpTarget>();
  readonly #byHost = new Map<string, Set<IcmpTarget>>();
  /** By number of the engine's stream: numbers lie close together, and a map would cost five times as much. */
  readonly #seriesByEcho: (Series | undefined)[] = [];

  constructor(options: {
    readonly engine: Engine;
    readonly report: ContinuousReport;
    readonly names: Pick<NameWatch, "watch" | "unwatch" | "latest">;
    readonly log: Logger;
  }) {
    this.#engine = options.engine;
    this.#report = options.report;
    this.#names = options.names;
    this.#log = options.log;
  }

  add(stream: ContinuousStream): void {
    const host = hostOf(stream.target.target);
    const target: IcmpTarget = { stream, series: new Map(), address: undefined };
    this.#targets.set(stream.key, target);
    const literal = parseAddress(host);
    if (literal !== undefined) {
      this.#settle(target, [literal]);
      return;
    }
    const others = this.#byHost.get(host);
    if (others === undefined) this.#byHost.set(host, new Set([target]));
    else others.add(target);
    // From its first moment the target has its series at 0.
    this.#addSeries(target, "", undefined);
    const known = this.#names.latest(host);
    if (known === undefined) this.#names.watch(host);
    else this.#take(target, known);
  }

  /** Its interval, timeout or module is another one; its counters go on. */
  change(stream: ContinuousStream): void {
    const target = this.#targets.get(stream.key);
    if (target === undefined) return;
    target.stream = stream;
    target.address = undefined;
    for (const series of target.series.values()) series.isOutdated = true;
    const host = hostOf(stream.target.target);
    const literal = parseAddress(host);
    const known = this.#names.latest(host);
    if (literal !== undefined) this.#settle(target, [literal]);
    else if (known?.kind === "resolved") this.#settle(target, known.addresses);
  }

  /** Nothing of how it is probed has changed; what is kept of it is of the configuration in force. */
  keep(stream: ContinuousStream): void {
    const target = this.#targets.get(stream.key);
    if (target !== undefined) target.stream = stream;
  }

  remove({ key, target: { target: text } }: ContinuousStream): void {
    const target = this.#targets.get(key);
    if (target === undefined) return;
    this.#targets.delete(key);
    for (const series of target.series.keys()) this.#dropSeries(target, series);
    const host = hostOf(text);
    const others = this.#byHost.get(host);
    others?.delete(target);
    if (others?.size !== 0) return;
    this.#byHost.delete(host);
    this.#names.unwatch(host);
  }

  /** Every target begins anew with another engine, its counters at 0. */
  moveTo(engine: Engine): void {
    const streams = [...this.#targets.values()].map(({ stream }) => stream);
    for (const target of this.#targets.values()) {
      for (const key of target.series.keys()) this.#dropSeries(target, key);
    }
    this.#targets.clear();
    this.#byHost.clear();
    this.#seriesByEcho.length = 0;
    this.#engine = engine;
    for (const stream of streams) this.add(stream);
  }

  /** Takes in what a name resolved to, well or badly. */
  resolved(host: string, resolution: Resolution): void {
    for (const target of this.#byHost.get(host) ?? []) this.#take(target, resolution);
  }

  #take(target: IcmpTarget, resolution: Resolution): void {
    switch (resolution.kind) {
      case "failed":
        return this.#fail(target, resolution);
      case "resolved":
        if (resolution.isStale) this.#countFailure(target);
        return this.#settle(target, resolution.addresses);
    }
  }

  /** The engine cannot send to a stream as it was asked to; it sends nothing until the address changes. */
  refused(echoStream: number, address: string, sentence: string): void {
    const series = this.#seriesByEcho[echoStream];
    if (series?.aimedAt === address) this.#report.setRefused(series.row, sentence);
  }

  #fail(target: IcmpTarget, problem: TargetProblem): void {
    this.#log.debug("a target's name does not resolve", {
      target: target.stream.target.target,
      error: problem.detail,
    });
    this.#countFailure(target);
    target.address = undefined;
    for (const series of target.series.values()) {
      this.#report.setUnresolved(series.row, true, problem);
      this.#report.setAddress(series.row, undefined);
      this.#aimEcho(target.stream, series, undefined);
    }
  }

  #countFailure(target: IcmpTarget): void {
    for (const { row } of target.series.values()) this.#report.countResolveFailure(row);
  }

  #settle(target: IcmpTarget, addresses: readonly Address[]): void {
    if (target.stream.group.resolve === "all") this.#settleAll(target, addresses);
    else this.#settleFirst(target, addresses);
  }

  /** The address in use stays while the name still has it: a list that turns round is no change. */
  #settleFirst(target: IcmpTarget, addresses: readonly Address[]): void {
    const isStill = addresses.some(({ text }) => text === target.address?.text);
    const address = isStill ? target.address : this.#choose(target, addresses);
    if (address === undefined) {
      this.#fail(target, NO_WANTED_ADDRESS);
      return;
    }
    target.address = address;
    const series = target.series.get("") ?? this.#addSeries(target, "", address);
    this.#aim(target.stream, series, address);
  }

  #choose(target: IcmpTarget, addresses: readonly Address[]): Address | undefined {
    const { preferred_ip_protocol, ip_protocol_fallback } = target.stream.module.icmp;
    return chooseAddress(addresses, familyChoice(preferred_ip_protocol, ip_protocol_fallback));
  }

  #settleAll(target: IcmpTarget, addresses: readonly Address[]): void {
    const { preferred_ip_protocol, ip_protocol_fallback } = target.stream.module.icmp;
    const { preferred, isFallbackAllowed } = familyChoice(
      preferred_ip_protocol,
      ip_protocol_fallback,
    );
    const wanted = addresses.filter(({ family }) => isFallbackAllowed || family === preferred);
    if (wanted.length === 0) {
      this.#fail(target, NO_WANTED_ADDRESS);
      return;
    }
    for (const address of wanted) {
      const series =
        target.series.get(address.text) ?? this.#addSeries(target, address.text, address);
      this.#aim(target.stream, series, address);
    }
    for (const key of target.series.keys()) {
      if (!wanted.some(({ text }) => text === key)) this.#dropSeries(target, key);
    }
  }

  #aim(stream: ContinuousStream, series: Series, address: Address): void {
    this.#report.setUnresolved(series.row, false);
    this.#report.setAddress(series.row, address);
    this.#aimEcho(stream, series, address);
  }

  #aimEcho(stream: ContinuousStream, series: Series, address: Address | undefined): void {
    if (series.aimedAt === address?.text && !series.isOutdated) return;
    series.aimedAt = address?.text;
    series.isOutdated = false;
    this.#report.setRefused(series.row, undefined);
    if (series.echoStream !== undefined) {
      this.#engine.retune(series.echoStream, this.#order(stream, address));
    }
  }

  #addSeries(target: IcmpTarget, key: string, address: Address | undefined): Series {
    const { stream } = target;
    const echoStream =
      this.#engine.state === "running" ? this.#engine.add(this.#order(stream, address)) : undefined;
    const row = this.#report.addTarget(
      {
        group: stream.group.name,
        module: stream.moduleName,
        target: stream.target.target,
        labels: stream.target.labels,
        prober: "icmp",
        ...(stream.group.buckets === undefined
          ? {}
          : { bucketBoundsSeconds: stream.group.buckets }),
        ...(key === "" ? {} : { address: key }),
      },
      echoStream,
    );
    const series: Series = { row, echoStream, aimedAt: address?.text, isOutdated: false };
    target.series.set(key, series);
    if (echoStream !== undefined) this.#seriesByEcho[echoStream] = series;
    return series;
  }

  #dropSeries(target: IcmpTarget, key: string): void {
    const series = target.series.get(key);
    if (series === undefined) return;
    target.series.delete(key);
    this.#report.removeTarget(series.row);
    if (series.echoStream === undefined) return;
    this.#seriesByEcho[series.echoStream] = undefined;
    this.#engine.remove(series.echoStream);
  }

  #order(stream: ContinuousStream, address: Address | undefined): StreamOrder {
    const { group, module } = stream;
    return {
      address: address?.text,
      profile: profileOf(module.icmp, address?.family ?? "ipv4"),
      intervalSeconds: group.intervalSeconds,
      timeoutSeconds: stream.timeoutSeconds,
      payloadBytes: payloadBytesOf(module.icmp),
      echoesPerInterval: group.echoes.count,
      echoSpacingSeconds: group.echoes.spacingSeconds,
      lossWindowSeconds: group.lossWindowSeconds,
      fast: group.fastIcmp,
      bucketBoundsSeconds: group.buckets,
      phase: stream.phase,
    };
  }
}
