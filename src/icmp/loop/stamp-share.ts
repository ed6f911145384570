/** Counts are halved when they reach this, so that the last thousand replies decide. */
const REMEMBERED_REPLIES = 1_024;

/**
 * Whether the round-trip times of each transport come from the kernel's stamps. [hot]
 *
 * A driver that gives no transmit stamps makes every time one of the send call, which must be seen.
 */
export class StampShare {
  readonly #stamped: Float64Array;
  readonly #unstamped: Float64Array;
  readonly #isExpected: readonly boolean[];
  #missing = 0;

  /** @param isExpected For each transport, whether it asks the kernel for stamps at all. */
  constructor(isExpected: readonly boolean[]) {
    this.#isExpected = isExpected;
    this.#stamped = new Float64Array(isExpected.length);
    this.#unstamped = new Float64Array(isExpected.length);
  }

  /** An echo was answered. @param isStamped Whether the kernel stamped its request and its reply. */
  add(transport: number, isStamped: boolean): void {
    const counts = isStamped ? this.#stamped : this.#unstamped;
    counts[transport] = (counts[transport] ?? 0) + 1;
    if (!isStamped && this.#isExpected[transport] === true) this.#missing += 1;
    if ((counts[transport] ?? 0) < REMEMBERED_REPLIES) return;
    this.#stamped[transport] = (this.#stamped[transport] ?? 0) / 2;
    this.#unstamped[transport] = (this.#unstamped[transport] ?? 0) / 2;
  }

  /** Where most of the latest times come from; what is expected while there were none. */
  source(transport: number): "kernel" | "send_call" {
    if (this.#isExpected[transport] !== true) return "send_call";
    return (this.#unstamped[transport] ?? 0) > (this.#stamped[transport] ?? 0)
      ? "send_call"
      : "kernel";
  }

  /** Answered echoes whose stamps should have come. */
  get missing(): number {
    return this.#missing;
  }
}
