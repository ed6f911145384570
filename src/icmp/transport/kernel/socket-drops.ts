/** Adds up what several sockets dropped, each in a counter of 32 bits that comes round. */
export class SocketDrops {
  readonly #last: number[] = [];
  #total = 0;

  /** @param count What the socket of this number has dropped since it was opened; below 0 when that is not known. */
  note(socket: number, count: number): void {
    if (count < 0) return;
    // A socket starts at 0, so all it has dropped before the first look is new.
    this.#total += (count - (this.#last[socket] ?? 0)) >>> 0;
    this.#last[socket] = count;
  }

  get total(): number {
    return this.#total;
  }
}
