import { setTimeout as sleep } from "node:timers/promises";
import type { Engine, StreamOrder, TallySnapshot } from "../../src/icmp/engine-contract.ts";
import type { IcmpOptions } from "../../src/icmp/options.ts";
import { profileOf } from "../../src/icmp/profile.ts";
import type { ContinuousReport } from "../../src/report/continuous.ts";
import { parseAddress } from "../../src/runtime/address.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { HostCounts } from "./messages.ts";

const INTERVAL_SECONDS = 1;
/** Shorter than the interval: then a host's echoes end in the order in which they were sent. */
const TIMEOUT_SECONDS = 0.9;
const PAYLOAD_BYTES = 56;
const LOSS_WINDOW_SECONDS = 60;
/** After its last echo's deadline a stream has counted everything it ever will, however late the thread is. */
const SETTLED_SECONDS = TIMEOUT_SECONDS + 2;
/** Spreads the phases evenly, whatever the count (the fractional part of the golden ratio). */
const PHASE_STEP = 0.618_033_988_749_895;

type Life = { readonly address: string; readonly stream: number; readonly row: number };
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Targets that come and go. A target is first told to send no more, and removed when its last echo has ended: so
 * every echo that was sent is in the counts, and they can be held against what the other end counted.
 */
export class Population {
  readonly #engine: Engine;
  readonly #report: ContinuousReport;
  readonly #clock: Clock;
  readonly #icmp: IcmpOptions;
  readonly #counts = new Map<string, Mutable<HostCounts>>();
  readonly #idle: string[] = [];
  /** Oldest first. */
  readonly #active: Life[] = [];
  readonly #retired: (Life & { readonly atSeconds: number })[] = [];
  #phase = 0;
  added = 0;
  removed = 0;

  constructor(options: {
    readonly engine: Engine;
    readonly report: ContinuousReport;
    readonly clock: Clock;
    readonly icmp: IcmpOptions;
    readonly addresses: readonly string[];
  }) {
    this.#engine = options.engine;
    this.#report = options.report;
    this.#clock = options.clock;
    this.#icmp = options.icmp;
    this.#idle.push(...options.addresses);
    for (const address of options.addresses) this.#counts.set(address, zeroCounts(address));
  }

  /** Adds the targets that have waited longest, as far as there are any. */
  add(count: number): void {
    for (const address of this.#idle.splice(0, count)) {
      this.#phase = (this.#phase + PHASE_STEP) % 1;
      const stream = this.#engine.add(this.#order(address, this.#phase));
      const row = this.#report.addTarget(
        { group: "soak", module: "icmp", target: address, labels: {}, prober: "icmp" },
        stream,
      );
      this.#report.setAddress(row, parseAddress(address));
      this.#active.push({ address, stream, row });
      this.added += 1;
    }
  }

  /** Tells the oldest targets to send no more. */
  retire(count: number): void {
    const atSeconds = this.#clock.monotonicSeconds();
    for (const life of this.#active.splice(0, count)) {
      this.#engine.retune(life.stream, this.#order(undefined, 0));
      this.#retired.push({ ...life, atSeconds });
    }
  }

  /** Counts and removes the retired targets whose echoes have all ended. */
  async removeSettled(): Promise<void> {
    const snapshot = await this.#engine.snapshot();
    const settledBefore = this.#clock.monotonicSeconds() - SETTLED_SECONDS;
    const first = this.#retired.findIndex(({ atSeconds }) => atSeconds > settledBefore);
    const settled = this.#retired.splice(0, first === -1 ? this.#retired.length : first);
    for (const { address, stream, row } of settled) {
      const counts = this.#counts.get(address);
      if (counts !== undefined) addCounts(counts, snapshot, stream);
      this.#report.removeTarget(row);
      this.#engine.remove(stream);
      this.#idle.push(address);
      this.removed += 1;
    }
  }

  /** Ends every target, and gives what was counted of each address. */
  async finish(): Promise<readonly HostCounts[]> {
    this.retire(this.#active.length);
    await sleep(SETTLED_SECONDS * 1000);
    await this.removeSettled();
    return [...this.#counts.values()];
  }

  #order(address: string | undefined, phase: number): StreamOrder {
    return {
      address,
      profile: profileOf(this.#icmp, "ipv4"),
      intervalSeconds: INTERVAL_SECONDS,
      timeoutSeconds: TIMEOUT_SECONDS,
      payloadBytes: PAYLOAD_BYTES,
      echoesPerInterval: 1,
      echoSpacingSeconds: 0,
      lossWindowSeconds: LOSS_WINDOW_SECONDS,
      fast: undefined,
      bucketBoundsSeconds: undefined,
      phase,
    };
  }
}

function zeroCounts(address: string): Mutable<HostCounts> {
  return {
    address,
    echoes: 0,
    lost: 0,
    suspect: 0,
    unsent: 0,
    lateReplies: 0,
    duplicateReplies: 0,
    corruptReplies: 0,
  };
}

function addCounts(to: Mutable<HostCounts>, snapshot: TallySnapshot, stream: number): void {
  to.echoes += snapshot.echoes[stream] ?? Number.NaN;
  to.lost += snapshot.lost[stream] ?? Number.NaN;
  to.suspect += snapshot.suspect[stream] ?? Number.NaN;
  to.unsent += snapshot.unsent[stream] ?? Number.NaN;
  to.lateReplies += snapshot.lateReplies[stream] ?? Number.NaN;
  to.duplicateReplies += snapshot.duplicateReplies[stream] ?? Number.NaN;
  to.corruptReplies += snapshot.corruptReplies[stream] ?? Number.NaN;
}
