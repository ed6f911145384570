/**
 * What is due when, earliest first: a binary heap that also knows where each item sits, so that one
 * can be taken out of the middle. All steps are logarithmic in the number of items.
 */
export class DueHeap<T extends object> {
  readonly #items: { readonly item: T; readonly dueSeconds: number }[] = [];
  readonly #indexOf = new Map<T, number>();

  get size(): number {
    return this.#items.length;
  }

  /** Undefined when nothing waits. */
  get earliestSeconds(): number | undefined {
    return this.#items[0]?.dueSeconds;
  }

  /** An item is in the heap once; adding it again moves it. */
  add(item: T, dueSeconds: number): void {
    this.remove(item);
    const at = this.#items.length;
    this.#items.push({ item, dueSeconds });
    this.#indexOf.set(item, at);
    this.#rise(at);
  }

  remove(item: T): void {
    const at = this.#indexOf.get(item);
    if (at === undefined) return;
    this.#indexOf.delete(item);
    const last = this.#items.pop();
    if (last === undefined || last.item === item) return;
    this.#items[at] = last;
    this.#indexOf.set(last.item, at);
    this.#rise(at);
    this.#sink(this.#indexOf.get(last.item) ?? at);
  }

  /** Takes out the earliest item if its time has come. */
  takeDue(nowSeconds: number): { readonly item: T; readonly dueSeconds: number } | undefined {
    const [first] = this.#items;
    if (first === undefined || first.dueSeconds > nowSeconds) return undefined;
    this.remove(first.item);
    return first;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#due(parent) <= this.#due(at)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const child = this.#due(left + 1) < this.#due(left) ? left + 1 : left;
      if (this.#due(at) <= this.#due(child)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  /** Past the end nothing is ever due. */
  #due(at: number): number {
    return this.#items[at]?.dueSeconds ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const a = this.#items[one];
    const b = this.#items[other];
    if (a === undefined || b === undefined) return;
    this.#items[one] = b;
    this.#items[other] = a;
    this.#indexOf.set(b.item, one);
    this.#indexOf.set(a.item, other);
  }
}
