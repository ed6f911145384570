import { randomFillSync } from "node:crypto";

/** One call to the kernel's generator serves this many echoes. */
const POOL = 4096;

/** Random numbers of 32 bits that a forger cannot foretell, one for each echo. [hot] */
export class Cookies {
  readonly #pool = new Uint32Array(POOL);
  #at = POOL;

  next(): number {
    if (this.#at === POOL) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const cookie = this.#pool[this.#at] ?? 0;
    this.#at += 1;
    return cookie;
  }
}
