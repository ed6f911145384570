const SLOTS_PER_BLOCK = 0x1_0000;

/**
 * Which profile's socket sent the echo of a slot last. [hot]
 *
 * A reply names its echo by sequence number alone once the kernel has chosen the socket by the identifier. With the
 * identifier of another of our own sockets it would name an echo that was sent from elsewhere.
 */
export class SlotOwners {
  /** By block, profile + 1; 0 for a slot that was never used. */
  readonly #owners: (Uint8Array | undefined)[] = [];

  note(slot: number, profile: number): void {
    const block = slot >>> 16;
    let owners = this.#owners[block];
    if (owners === undefined) {
      owners = new Uint8Array(SLOTS_PER_BLOCK);
      this.#owners[block] = owners;
    }
    owners[slot & 0xffff] = profile + 1;
  }

  isOf(slot: number, profile: number): boolean {
    return this.#owners[slot >>> 16]?.[slot & 0xffff] === profile + 1;
  }
}
