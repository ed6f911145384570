type Entry<T> = { readonly dueSeconds: number; readonly order: number; readonly item: T };

/** What is to be done at a time: a binary heap, earliest first, equal times in order of arrival. */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #nextOrder = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** @returns Infinity when nothing waits. */
  get nextDueSeconds(): number {
    return this.#heap[0]?.dueSeconds ?? Number.POSITIVE_INFINITY;
  }

  add(dueSeconds: number, item: T): void {
    const entry = { dueSeconds, order: this.#nextOrder, item };
    this.#nextOrder += 1;
    let at = this.#heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes the earliest out if its time has come. */
  takeDue(nowSeconds: number): T | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.dueSeconds > nowSeconds) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first.item;
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const a = this.#heap[one];
    const b = this.#heap[other];
    if (a === undefined || b === undefined) return false;
    return a.dueSeconds < b.dueSeconds || (a.dueSeconds === b.dueSeconds && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const a = this.#heap[one];
    const b = this.#heap[other];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
