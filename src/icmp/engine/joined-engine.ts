import type { AddressFamily } from "../../runtime/address.ts";
import type {
  EchoFailure,
  Engine,
  EngineFigures,
  StreamOrder,
  TallySnapshot,
} from "../engine-contract.ts";
import { blockBytes, columnsOf } from "../loop/tally-layout.ts";
import { StreamNumbers } from "./stream-numbers.ts";
import { joinRow } from "./tally-join.ts";

/** A stream's number in each engine that ever had it; its counts lie in both when its name changed the family. */
type Place = {
  readonly numbers: Map<Engine, number>;
  current: Engine;
};

/**
 * Two engines as one, each for one address family: the best transport of one family may need the echo worker, and that
 * of the other the main thread.
 */
export class JoinedEngine implements Engine {
  readonly #engines: Readonly<Record<AddressFamily, Engine>>;
  readonly #places = new Map<number, Place>();
  readonly #numbers = new StreamNumbers();
  /** Joined numbers by the numbers of each engine. */
  readonly #joined: ReadonlyMap<Engine, Map<number, number>>;

  constructor(engines: Readonly<Record<AddressFamily, Engine>>) {
    this.#engines = engines;
    this.#joined = new Map(this.#both.map((engine) => [engine, new Map()]));
  }

  get #both(): readonly Engine[] {
    return [this.#engines.ipv4, this.#engines.ipv6];
  }

  get state(): Engine["state"] {
    return this.#both.find(({ state }) => state !== "running")?.state ?? "running";
  }

  get problem(): string | undefined {
    return this.#both.find(({ problem }) => problem !== undefined)?.problem;
  }

  add(order: StreamOrder): number {
    const number = this.#numbers.take();
    const engine = this.#engines[order.profile.family];
    const place = { numbers: new Map<Engine, number>(), current: engine };
    this.#places.set(number, place);
    this.#addTo(engine, place, number, order);
    return number;
  }

  #addTo(engine: Engine, place: Place, number: number, order: StreamOrder): void {
    const inner = engine.add(order);
    place.numbers.set(engine, inner);
    this.#joined.get(engine)?.set(inner, number);
  }

  remove(number: number): void {
    const place = this.#places.get(number);
    if (place === undefined) return;
    this.#places.delete(number);
    for (const [engine, inner] of place.numbers) {
      engine.remove(inner);
      this.#joined.get(engine)?.delete(inner);
    }
    this.#numbers.free(number);
  }

  retune(number: number, order: StreamOrder): void {
    const place = this.#places.get(number);
    if (place === undefined) return;
    // Without an address the order is of no family: the stream stays where its state is.
    const engine =
      order.address === undefined ? place.current : this.#engines[order.profile.family];
    for (const [other, inner] of place.numbers) {
      // What it has in flight there still ends, and its counts stay.
      if (other !== engine) other.retune(inner, { ...order, address: undefined });
    }
    const inner = place.numbers.get(engine);
    if (inner === undefined) this.#addTo(engine, place, number, order);
    else engine.retune(inner, order);
    place.current = engine;
  }

  /** The joined number of a stream that is in this engine now, for what the engine tells by itself. */
  numberOf(engine: Engine, inner: number): number | undefined {
    const number = this.#joined.get(engine)?.get(inner);
    if (number === undefined) return undefined;
    return this.#places.get(number)?.current === engine ? number : undefined;
  }

  echo: Engine["echo"] = async (order) => this.#engines[order.profile.family].echo(order);

  async snapshot(): Promise<TallySnapshot> {
    // As they are now: rows of streams that come or move meanwhile are not in the snapshots yet.
    const places = [...this.#places].map(
      ([number, { numbers, current }]) => [number, [...numbers], current] as const,
    );
    const rows = this.#numbers.highest + 1;
    const snapshots = new Map(
      await Promise.all(
        this.#both.map(async (engine) => [engine, await engine.snapshot()] as const),
      ),
    );
    const counts = [...snapshots.values()].map(({ rttBucketCount }) => rttBucketCount);
    const rttBucketCount = Math.max(...counts);
    const columns = columnsOf(new ArrayBuffer(blockBytes(rows, rttBucketCount)), rttBucketCount);
    for (const [number, numbers, current] of places) {
      for (const [engine, inner] of numbers) {
        const from = snapshots.get(engine);
        if (from === undefined) continue;
        joinRow({ from, inner, to: columns, number, isCurrent: engine === current });
      }
    }
    const takenAtSeconds = Math.min(
      ...[...snapshots.values()].map((snapshot) => snapshot.takenAtSeconds),
    );
    return { ...columns, takenAtSeconds, rttBucketCount };
  }

  async figures(): Promise<EngineFigures> {
    const [one, other] = await Promise.all([
      this.#engines.ipv4.figures(),
      this.#engines.ipv6.figures(),
    ]);
    return {
      families: [...one.families, ...other.families],
      wantedReceiveBufferBytes: Math.max(
        one.wantedReceiveBufferBytes,
        other.wantedReceiveBufferBytes,
      ),
      foreignPackets: one.foreignPackets + other.foreignPackets,
      fastEchoesSkipped: one.fastEchoesSkipped + other.fastEchoesSkipped,
      stampsMissing: one.stampsMissing + other.stampsMissing,
      missedTicks: one.missedTicks + other.missedTicks,
      sendLag: {
        count: one.sendLag.count + other.sendLag.count,
        sumSeconds: one.sendLag.sumSeconds + other.sendLag.sumSeconds,
        buckets: one.sendLag.buckets.map((count, at) => count + (other.sendLag.buckets[at] ?? 0)),
      },
      suspectCauses: [...new Set([...one.suspectCauses, ...other.suspectCauses])],
    };
  }

  async failures(): Promise<ReadonlyMap<number, EchoFailure>> {
    const inner = new Map(
      await Promise.all(
        this.#both.map(async (engine) => [engine, await engine.failures()] as const),
      ),
    );
    const failures = new Map<number, EchoFailure>();
    for (const [number, { numbers, current }] of this.#places) {
      const failure = inner.get(current)?.get(numbers.get(current) ?? 0);
      if (failure !== undefined) failures.set(number, failure);
    }
    return failures;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#both.map((engine) => engine.stop()));
  }
}
