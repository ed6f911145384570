import type { AddressFamily } from "../runtime/address.ts";
import type {
  EchoFailure,
  Engine,
  EngineFigures,
  StreamOrder,
  TallySnapshot,
} from "./engine-contract.ts";
import { StreamNumbers } from "./stream-numbers.ts";
import { joinRow } from "./tally-join.ts";
import { blockBytes, columnsOf } from "./tally-layout.ts";

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

  constructor(engines: Readonly<Record<AddressFamily, Engine>>) {
    this.#engines = engines;
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
    this.#places.set(number, { numbers: new Map([[engine, engine.add(order)]]), current: engine });
    return number;
  }

  remove(number: number): void {
    const place = this.#places.get(number);
    if (place === undefined) return;
    this.#places.delete(number);
    for (const [engine, inner] of place.numbers) engine.remove(inner);
    this.#numbers.free(number);
  }

  retune(number: number, order: StreamOrder): void {
    const place = this.#places.get(number);
    if (place === undefined) return;
    const engine = this.#engines[order.profile.family];
    for (const [other, inner] of place.numbers) {
      // What it has in flight there still ends, and its counts stay.
      if (other !== engine) other.retune(inner, { ...order, address: undefined });
    }
    const inner = place.numbers.get(engine);
    if (inner === undefined) place.numbers.set(engine, engine.add(order));
    else engine.retune(inner, order);
    place.current = engine;
  }

  /** The joined number of a stream of one of the engines, for what it tells by itself. */
  numberOf(engine: Engine, inner: number): number | undefined {
    for (const [number, { numbers }] of this.#places) {
      if (numbers.get(engine) === inner) return number;
    }
    return undefined;
  }

  echo: Engine["echo"] = async (order) => this.#engines[order.profile.family].echo(order);

  async snapshot(): Promise<TallySnapshot> {
    const snapshots = new Map(
      await Promise.all(
        this.#both.map(async (engine) => [engine, await engine.snapshot()] as const),
      ),
    );
    const counts = [...snapshots.values()].map(({ rttBucketCount }) => rttBucketCount);
    const rttBucketCount = Math.max(...counts);
    const rows = this.#numbers.highest + 1;
    const columns = columnsOf(new ArrayBuffer(blockBytes(rows, rttBucketCount)), rttBucketCount);
    for (const [number, { numbers, current }] of this.#places) {
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
