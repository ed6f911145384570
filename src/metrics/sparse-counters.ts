import { Columns } from "./columns.ts";

/** The list of a row that has counted nothing yet. */
export const EMPTY_LIST = 0;

/**
 * Counters of which each row uses few out of many, such as reasons for failure: a linked list a row,
 * 24 bytes for each reason seen, in place of a column for every reason there is.
 *
 * A list is named by a number that the row keeps; `EMPTY_LIST` at first.
 */
export class SparseCounters {
  readonly #nodes: Columns<"key" | "count" | "next">;

  constructor(maxCounters: number) {
    this.#nodes = new Columns({ key: 1, count: 1, next: 1 }, maxCounters);
  }

  /** Adds 1 to a key's counter. @returns the list's number from now on. */
  increment(list: number, key: number): number {
    const { key: keys, count, next } = this.#nodes.arrays;
    for (let at = list; at !== EMPTY_LIST; at = next[at - 1] ?? EMPTY_LIST) {
      if (keys[at - 1] !== key) continue;
      count[at - 1] = (count[at - 1] ?? 0) + 1;
      return list;
    }
    const node = this.#nodes.add();
    const { arrays } = this.#nodes;
    arrays.key[node] = key;
    arrays.count[node] = 1;
    arrays.next[node] = list;
    return node + 1;
  }

  /** Keys seen with their counts, the newest key first. */
  forEach(list: number, visit: (key: number, count: number) => void): void {
    const { key, count, next } = this.#nodes.arrays;
    for (let at = list; at !== EMPTY_LIST; at = next[at - 1] ?? EMPTY_LIST) {
      visit(key[at - 1] ?? 0, count[at - 1] ?? 0);
    }
  }

  /** Forgets a list; its number must not be used again. */
  clear(list: number): void {
    for (let at = list; at !== EMPTY_LIST; ) {
      const next = this.#nodes.arrays.next[at - 1] ?? EMPTY_LIST;
      this.#nodes.remove(at - 1);
      at = next;
    }
  }
}
