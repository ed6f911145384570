/** Parts of a window. The oldest leaves as a whole: the window spans between 11/12 and 12/12 of its length. */
const PARTS = 12;

/** Failed and finished probes of the last `windowSeconds`, in twelve parts: a window may hold any number of them. */
export class FailureWindow {
  readonly #partSeconds: number;
  readonly #finished = new Uint32Array(PARTS);
  readonly #failed = new Uint32Array(PARTS);
  /** Parts are named by their number since the zero of the clock. */
  #newestPart = Number.NEGATIVE_INFINITY;

  constructor(windowSeconds: number) {
    this.#partSeconds = windowSeconds / PARTS;
  }

  /** @param nowSeconds Monotonic; not before that of any earlier call. */
  add(isFailed: boolean, nowSeconds: number): void {
    const at = this.#turnTo(nowSeconds);
    this.#finished[at] = (this.#finished[at] ?? 0) + 1;
    if (isFailed) this.#failed[at] = (this.#failed[at] ?? 0) + 1;
  }

  /** Failed over finished, 0 to 1; NaN when nothing finished within the window. */
  share(nowSeconds: number): number {
    this.#turnTo(nowSeconds);
    return sum(this.#failed) / sum(this.#finished);
  }

  /** Clears the parts that passed since the last call. @returns the place of the newest. */
  #turnTo(nowSeconds: number): number {
    const part = Math.floor(nowSeconds / this.#partSeconds);
    const passed = Math.min(part - this.#newestPart, PARTS);
    for (let back = 0; back < passed; back += 1) {
      const at = (part - back) % PARTS;
      this.#finished[at] = 0;
      this.#failed[at] = 0;
    }
    this.#newestPart = Math.max(part, this.#newestPart);
    return part % PARTS;
  }
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
