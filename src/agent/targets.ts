import type { ProbePool } from "../probe/worker/pool.ts";
import type { IcmpTargets } from "./icmp-targets.ts";
import { changesBetween, type InForce } from "./in-force.ts";
import type { ProbeTargets } from "./probe-targets.ts";

/** All continuous targets, wherever they are probed: echoes in the engine, everything else in the probe worker. */
export class Targets {
  readonly #icmp: IcmpTargets;
  readonly #probes: ProbeTargets;
  readonly #pool: () => ProbePool;

  constructor(options: {
    readonly icmp: IcmpTargets;
    readonly probes: ProbeTargets;
    readonly pool: () => ProbePool;
  }) {
    this.#icmp = options.icmp;
    this.#probes = options.probes;
    this.#pool = options.pool;
  }

  /** Adds every target of the first configuration. */
  begin(first: InForce): void {
    const streamList = { streams: [], duplicatesByGroup: new Map<string, number>() };
    this.change({ ...first, streamList }, first);
  }

  /** Targets that are in both and probed in the same way are not touched. */
  change(before: InForce, next: InForce): void {
    const { removed, added, changed, same } = changesBetween(before, next);
    const pool = this.#pool();
    for (const stream of removed) {
      if (stream.module.prober === "icmp") this.#icmp.remove(stream);
      else this.#probes.remove(stream, pool);
    }
    for (const stream of added) {
      if (stream.module.prober === "icmp") this.#icmp.add(stream);
      else this.#probes.add(stream, pool);
    }
    for (const stream of changed) {
      if (stream.module.prober === "icmp") this.#icmp.change(stream);
      else this.#probes.change(stream, pool);
    }
    for (const stream of same) if (stream.module.prober === "icmp") this.#icmp.keep(stream);
  }
}
