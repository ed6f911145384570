import { Columns } from "../metrics/columns.ts";
import { labelText } from "../metrics/label-text.ts";
import type { ProbeFacts } from "../probe/prober.ts";
import type { Address } from "../runtime/address.ts";
import type { Labels } from "../target/labels.ts";
import { BucketTexts } from "./bucket-texts.ts";
import type { TargetReason } from "./target-reason.ts";

/** Most targets in one report; far above what one agent can probe. */
export const MAX_TARGETS = 2 ** 18;

/** A target as it is added: what its labels say, and who probes it. */
export type TargetDescription = {
  readonly group: string;
  readonly module: string;
  /** As configured. */
  readonly target: string;
  /** The target's own labels, checked by whoever let the target in. */
  readonly labels: Labels;
  /** Only with `resolve: all`, where every address is a series of its own. */
  readonly address?: string;
  readonly prober: ProbeFacts["protocol"];
  /** Upper bounds of its round-trip-time buckets, rising, as its stream has them; the common ones without. */
  readonly bucketBoundsSeconds?: readonly number[];
};

/** Why a target fails or does not resolve now. `detail` is one sentence without secrets. */
export type TargetProblem = { readonly reason: TargetReason; readonly detail: string };

/** Longest detail kept: it may quote what a server sent, and every target may have one at a time. */
const MAX_DETAIL_CHARACTERS = 300;

/** No stream of the engine, no series of probes. */
export const NONE = -1;

/** Where the results of a target lie: in the series of a prober, by its number, a row of them. */
export type SeriesPlace = { readonly number: number; readonly row: number };

/**
 * Who the targets are: label text rendered once, group, address in use, and where their results lie.
 *
 * A handle names a target for ever: after removal it names nothing, though its row is used again.
 * Handles are row + generation × MAX_TARGETS, exact for 34 billion generations.
 */
export class TargetRows {
  readonly #columns = new Columns(
    {
      generation: 1,
      isLive: 1,
      group: 1,
      stream: 1,
      series: 1,
      seriesRow: 1,
      hasAddressLabel: 1,
      isUnresolved: 1,
      isRefused: 1,
      isAtFastPace: 1,
      buckets: 1,
      addressChanges: 1,
      resolveFailures: 1,
    },
    MAX_TARGETS,
  );
  readonly #labels: string[] = [];
  readonly #descriptions: (TargetDescription | undefined)[] = [];
  readonly #addresses: (Address | undefined)[] = [];
  /** The last one counted. Kept while a name does not resolve: coming back to the same address is no change. */
  readonly #lastAddresses: (string | undefined)[] = [];
  /** Only of targets that have one. */
  readonly #problems = new Map<number, TargetProblem>();
  readonly #refusals = new Map<number, string>();
  readonly #bucketTexts = new BucketTexts();
  readonly #groups: string[] = [];
  readonly #groupNumbers = new Map<string, number>();
  #generation = 0;
  #end = 0;

  get columns(): Readonly<
    Record<
      | "group"
      | "stream"
      | "series"
      | "seriesRow"
      | "hasAddressLabel"
      | "isUnresolved"
      | "isRefused"
      | "isAtFastPace"
      | "addressChanges"
      | "resolveFailures",
      Float64Array
    >
  > {
    return this.#columns.arrays;
  }

  /** Names of groups by their number in column `group`. Groups are never forgotten: files name few. */
  get groups(): readonly string[] {
    return this.#groups;
  }

  /** @param place `NONE` twice for a target whose results are the engine's. */
  add(description: TargetDescription, stream: number, place: SeriesPlace): number {
    const row = this.#columns.add();
    this.#generation += 1;
    this.#end = Math.max(this.#end, row + 1);
    const { arrays } = this.#columns;
    arrays.generation[row] = this.#generation;
    arrays.isLive[row] = 1;
    arrays.group[row] = this.#groupNumber(description.group);
    arrays.stream[row] = stream;
    arrays.series[row] = place.number;
    arrays.seriesRow[row] = place.row;
    arrays.hasAddressLabel[row] = description.address === undefined ? 0 : 1;
    arrays.buckets[row] = this.#bucketTexts.numberOf(description.bucketBoundsSeconds);
    this.#labels[row] = targetLabelText(description);
    this.#descriptions[row] = description;
    this.#addresses[row] = undefined;
    this.#lastAddresses[row] = undefined;
    return row + this.#generation * MAX_TARGETS;
  }

  /** @returns the row, or undefined when the target was removed. */
  rowOf(handle: number): number | undefined {
    const row = handle % MAX_TARGETS;
    const { generation, isLive } = this.#columns.arrays;
    const isSame = generation[row] === (handle - row) / MAX_TARGETS;
    return isSame && isLive[row] === 1 ? row : undefined;
  }

  isLive(row: number): boolean {
    return this.#columns.arrays.isLive[row] === 1;
  }

  /** From now on the target is gone; its row stays as it is until `release`. */
  retire(row: number): void {
    this.#columns.arrays.isLive[row] = 0;
  }

  /** Lets a retired row be used again. */
  release(row: number): void {
    this.#labels[row] = "";
    this.#descriptions[row] = undefined;
    this.#problems.delete(row);
    this.#refusals.delete(row);
    this.#addresses[row] = undefined;
    this.#lastAddresses[row] = undefined;
    this.#columns.remove(row);
  }

  /** Live rows in rising order. */
  liveRows(): Uint32Array {
    const { isLive } = this.#columns.arrays;
    const rows = new Uint32Array(this.#end);
    let count = 0;
    for (let row = 0; row < this.#end; row += 1) {
      if (isLive[row] !== 1) continue;
      rows[count] = row;
      count += 1;
    }
    return rows.subarray(0, count);
  }

  labels(row: number): string {
    return this.#labels[row] ?? "";
  }

  /** `le` texts of its round-trip-time histogram, +Inf included. */
  les(row: number): readonly string[] {
    return this.#bucketTexts.of(this.#columns.arrays.buckets[row] ?? 0);
  }

  /** What the target was added as; undefined once its row was released. */
  description(row: number): TargetDescription | undefined {
    return this.#descriptions[row];
  }

  address(row: number): Address | undefined {
    return this.#addresses[row];
  }

  /**
   * A first address is no change, nor is the same one after a time without.
   *
   * @param isCounted Whether it is compared with the last one that was.
   */
  setAddress(row: number, address: Address | undefined, isCounted = true): void {
    if (address?.text !== this.#addresses[row]?.text) this.#addresses[row] = address;
    if (address === undefined || !isCounted) return;
    const last = this.#lastAddresses[row];
    if (last === address.text) return;
    this.#lastAddresses[row] = address.text;
    if (last === undefined) return;
    const { addressChanges } = this.#columns.arrays;
    addressChanges[row] = (addressChanges[row] ?? 0) + 1;
  }

  countResolveFailure(row: number): void {
    const { resolveFailures } = this.#columns.arrays;
    resolveFailures[row] = (resolveFailures[row] ?? 0) + 1;
  }

  setUnresolved(row: number, isUnresolved: boolean): void {
    this.#columns.arrays.isUnresolved[row] = isUnresolved ? 1 : 0;
  }

  /** Why nothing can be sent to the target as it was asked for; undefined when it can. */
  refusal(row: number): string | undefined {
    return this.#refusals.get(row);
  }

  setRefusal(row: number, sentence: string | undefined): void {
    this.#columns.arrays.isRefused[row] = sentence === undefined ? 0 : 1;
    if (sentence === undefined) this.#refusals.delete(row);
    else this.#refusals.set(row, shortened(sentence));
  }

  setFastPace(row: number, isAtFastPace: boolean): void {
    this.#columns.arrays.isAtFastPace[row] = isAtFastPace ? 1 : 0;
  }

  /** Whether nothing is sent to the target now, so that what its last answer showed is no longer so. */
  isSilenced(row: number): boolean {
    const { isUnresolved, isRefused } = this.#columns.arrays;
    return isUnresolved[row] === 1 || isRefused[row] === 1;
  }

  problem(row: number): TargetProblem | undefined {
    return this.#problems.get(row);
  }

  setProblem(row: number, problem: TargetProblem | undefined): void {
    if (problem === undefined) {
      this.#problems.delete(row);
      return;
    }
    const { reason, detail } = problem;
    this.#problems.set(row, { reason, detail: shortened(detail) });
  }

  #groupNumber(group: string): number {
    const known = this.#groupNumbers.get(group);
    if (known !== undefined) return known;
    const number = this.#groups.push(group) - 1;
    this.#groupNumbers.set(group, number);
    return number;
  }
}

/** The rows for which something is so. A typed array's own `filter` takes ten times as long: 4 ms for 100,000. */
export function rowsThat(rows: Uint32Array, isSo: (row: number) => boolean): Uint32Array {
  const found = new Uint32Array(rows.length);
  let count = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    if (!isSo(row)) continue;
    found[count] = row;
    count += 1;
  }
  return found.subarray(0, count);
}

/** A copy of its own: a slice would keep the whole of a long text alive. */
function shortened(detail: string): string {
  if (detail.length <= MAX_DETAIL_CHARACTERS) return detail;
  return Buffer.from(`${detail.slice(0, MAX_DETAIL_CHARACTERS - 1)}…`).toString();
}

/**
 * Label text of a target's series: `target`, `module`, `group`, its own labels by name (their order in
 * a file says nothing and may change with a reload), `address` with `resolve: all`.
 *
 * @param without Names of own labels to leave out.
 */
export function targetLabelText(
  { target, module, group, labels, address }: TargetDescription,
  without: readonly string[] = [],
): string {
  const own = Object.entries(labels)
    .filter(([name]) => !without.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const of = address === undefined ? [] : [["address", address] as const];
  return labelText([["target", target], ["module", module], ["group", group], ...own, ...of]);
}
