import { MAX_STREAMS } from "../loop/streams.ts";

/** Freed numbers taken from the front of the list before its empty part is given back. */
const COMPACT_AT = 1024;

/**
 * Numbers of streams, from 1. One that was given back is given out again, the one that rested longest first: replies to
 * the echoes of its former stream, which may still come, are then known for what they are.
 */
export class StreamNumbers {
  #free: number[] = [];
  #firstFree = 0;
  #highest = 0;

  /** The highest number ever given out. */
  get highest(): number {
    return this.#highest;
  }

  /** @throws Error when there are as many streams as fit the engine. */
  take(): number {
    const number = this.#nextFree() ?? this.#highest + 1;
    if (number > MAX_STREAMS) {
      throw new Error(`Cannot add a stream: at most ${MAX_STREAMS} fit the engine`);
    }
    this.#highest = Math.max(this.#highest, number);
    return number;
  }

  #nextFree(): number | undefined {
    const number = this.#free[this.#firstFree];
    if (number === undefined) return undefined;
    this.#firstFree += 1;
    if (this.#firstFree >= COMPACT_AT && this.#firstFree * 2 >= this.#free.length) {
      this.#free = this.#free.slice(this.#firstFree);
      this.#firstFree = 0;
    }
    return number;
  }

  free(number: number): void {
    this.#free.push(number);
  }
}
