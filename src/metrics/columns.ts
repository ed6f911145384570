/** Rows there is room for at first. */
const FIRST_ROWS = 64;

/**
 * Growth by an eighth: rows are some hundred bytes and live as long as the agent, so spare rows cost
 * more than copying does.
 */
const GROWTH = 1 / 8;

/** A number of a column. NaN, and what lies beyond the end of it, are not known. */
export function known(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** Every row is in use. */
export class ColumnsFullError extends Error {
  override readonly name = "ColumnsFullError";
}

/**
 * Numbers by row in typed arrays, one array a column. Rows are used again after `remove`.
 *
 * `widths` says how many numbers a row has in each column; those of row r begin at r × width.
 */
export class Columns<Name extends string> {
  readonly #entries: readonly (readonly [Name, number])[];
  readonly #maxRows: number;
  readonly #free: number[] = [];
  #arrays: Readonly<Record<Name, Float64Array>>;
  #capacity = 0;
  #rowsEverUsed = 0;

  constructor(widths: Readonly<Record<Name, number>>, maxRows: number) {
    this.#entries = Object.entries(widths) as [Name, number][];
    this.#maxRows = maxRows;
    this.#arrays = this.#ofCapacity(0);
  }

  /** The columns by name. Ask anew after each `add`, which may replace them. */
  get arrays(): Readonly<Record<Name, Float64Array>> {
    return this.#arrays;
  }

  /** @returns the number of a row in which all is 0. @throws ColumnsFullError */
  add(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#rowsEverUsed >= this.#maxRows) {
      throw new ColumnsFullError(`Cannot add a row: all ${this.#maxRows} are in use`);
    }
    if (this.#rowsEverUsed === this.#capacity) this.#grow();
    this.#rowsEverUsed += 1;
    return this.#rowsEverUsed - 1;
  }

  /** @param row One that `add` gave and that was not removed since. */
  remove(row: number): void {
    for (const [name, width] of this.#entries) {
      this.#arrays[name].fill(0, row * width, (row + 1) * width);
    }
    this.#free.push(row);
  }

  #grow(): void {
    const wanted = Math.max(FIRST_ROWS, Math.ceil(this.#capacity * (1 + GROWTH)));
    this.#capacity = Math.min(wanted, this.#maxRows);
    const larger = this.#ofCapacity(this.#capacity);
    for (const [name] of this.#entries) larger[name].set(this.#arrays[name]);
    this.#arrays = larger;
  }

  #ofCapacity(rows: number): Record<Name, Float64Array> {
    const arrays = this.#entries.map(([name, width]) => [name, new Float64Array(rows * width)]);
    return Object.fromEntries(arrays) as Record<Name, Float64Array>;
  }
}
