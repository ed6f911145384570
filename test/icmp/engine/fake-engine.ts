import assert from "node:assert/strict";
import type { EchoOutcome } from "../../../src/icmp/echo.ts";
import { StreamNumbers } from "../../../src/icmp/engine/stream-numbers.ts";
import type {
  EchoFailure,
  Engine,
  EngineFigures,
  StreamOrder,
  TallySnapshot,
} from "../../../src/icmp/engine-contract.ts";
import {
  blockBytes,
  clearRow,
  columnsOf,
  copyRows,
  type TallyColumns,
} from "../../../src/icmp/loop/tally-layout.ts";
import { RTT_BUCKET_COUNT } from "../../../src/metrics/histogram.ts";
import type { AddressFamily } from "../../../src/runtime/address.ts";

const ROWS = 512;

/** An engine that measures what a test tells it to have measured; rows of streams that are gone keep their counts. */
export class FakeEngine implements Engine {
  state: Engine["state"] = "running";
  problem: string | undefined;
  readonly orders = new Map<number, StreamOrder>();
  readonly failing = new Map<number, EchoFailure>();
  takenAtSeconds = 1_700_000_000;
  missedTicks = 0;
  suspectCauses: readonly string[] = [];
  /** A snapshot is there when this resolves, as it was when it was asked for. */
  delay: Promise<void> = Promise.resolve();
  readonly #family: AddressFamily;
  readonly #numbers = new StreamNumbers();
  readonly #bucketCount: number;
  readonly columns: TallyColumns;

  constructor(family: AddressFamily, bucketCount = RTT_BUCKET_COUNT) {
    this.#family = family;
    this.#bucketCount = bucketCount;
    this.columns = columnsOf(new ArrayBuffer(blockBytes(ROWS, bucketCount)), bucketCount);
  }

  add(order: StreamOrder): number {
    const number = this.#numbers.take();
    clearRow(this.columns, number);
    this.orders.set(number, order);
    return number;
  }

  remove(number: number): void {
    assert.ok(this.orders.delete(number), `stream ${number} is there`);
    this.#numbers.free(number);
  }

  retune(number: number, order: StreamOrder): void {
    assert.ok(this.orders.has(number), `stream ${number} is there`);
    this.orders.set(number, order);
  }

  /** So many echoes of a stream end, all of them answered, in the first bucket. */
  answer(number: number, echoes: number): void {
    const { columns } = this;
    columns.echoes[number] = (columns.echoes[number] ?? 0) + echoes;
    const first = number * this.#bucketCount;
    columns.rttBuckets[first] = (columns.rttBuckets[first] ?? 0) + echoes;
    columns.up[number] = 1;
    columns.lastRttSeconds[number] = 0.01;
  }

  async echo(): Promise<EchoOutcome> {
    return { kind: "unsent", errno: this.#family };
  }

  async snapshot(): Promise<TallySnapshot> {
    if (this.problem !== undefined) throw new Error(this.problem);
    const columns = columnsOf(
      new ArrayBuffer(blockBytes(ROWS, this.#bucketCount)),
      this.#bucketCount,
    );
    copyRows(this.columns, columns, ROWS);
    const { takenAtSeconds } = this;
    await this.delay;
    return { ...columns, takenAtSeconds, rttBucketCount: this.#bucketCount };
  }

  async figures(): Promise<EngineFigures> {
    return {
      families: [
        {
          family: this.#family,
          transport: this.#family === "ipv4" ? "raw" : "ping",
          transmitStamp: this.#family === "ipv4" ? "kernel" : "send_call",
          socketDrops: -1,
          receiveBufferBytes: 4096,
        },
      ],
      wantedReceiveBufferBytes: this.#family === "ipv4" ? 1000 : 2000,
      foreignPackets: 1,
      fastEchoesSkipped: 2,
      stampsMissing: 3,
      missedTicks: this.missedTicks,
      sendLag: { count: 2, sumSeconds: 0.5, buckets: Float64Array.of(1, 1) },
      suspectCauses: this.suspectCauses,
    };
  }

  async failures(): Promise<ReadonlyMap<number, EchoFailure>> {
    return this.failing;
  }

  async stop(): Promise<void> {
    this.state = "stopped";
  }
}
