/**
 * Which unanswered echoes may be blamed on a socket that dropped packets. [hot]
 *
 * One drop can have eaten one reply, to an echo that was in flight then, of the same socket. The kernel tells
 * how many were dropped and not which, so as many unanswered echoes as drops are suspect, and no more.
 */
export class SocketOverflow {
  /** Per socket, as the kernel counts: 32 bits that come round. */
  readonly #drops: Float64Array;
  readonly #budget: Float64Array;
  /** Until when the drops of `#budget` happened. */
  readonly #untilSeconds: Float64Array;
  readonly #isCounted: readonly boolean[];

  /** @param drops What each socket has counted so far; below 0 when it does not say. */
  constructor(drops: readonly number[]) {
    this.#drops = Float64Array.from(drops, (count) => Math.max(count, 0));
    this.#isCounted = drops.map((count) => count >= 0);
    this.#budget = new Float64Array(drops.length);
    this.#untilSeconds = new Float64Array(drops.length);
  }

  /**
   * Notes the drop count of a socket.
   *
   * @param lastingSeconds The longest time an echo waits: older drops than this have nothing left to explain.
   */
  note(socket: number, drops: number, nowSeconds: number, lastingSeconds: number): void {
    const more = (drops - (this.#drops[socket] ?? 0)) >>> 0;
    if (drops < 0 || more === 0) return;
    const isOver = nowSeconds - (this.#untilSeconds[socket] ?? 0) > lastingSeconds;
    this.#budget[socket] = (isOver ? 0 : (this.#budget[socket] ?? 0)) + more;
    this.#untilSeconds[socket] = nowSeconds;
    this.#drops[socket] = drops;
  }

  /** Whether the kernel tells what this socket dropped. */
  isCounted(socket: number): boolean {
    return this.#isCounted[socket] === true;
  }

  /** Nothing is in flight: what was dropped was no reply that is waited for. */
  forget(): void {
    this.#budget.fill(0);
  }

  /** Whether a drop may have eaten the reply to this unanswered echo; one drop is used up then. */
  mayHaveEaten(socket: number, sentAtSeconds: number): boolean {
    const left = this.#budget[socket] ?? 0;
    if (left === 0 || sentAtSeconds > (this.#untilSeconds[socket] ?? 0)) return false;
    this.#budget[socket] = left - 1;
    return true;
  }
}
