import type { FamilyHead, HistogramCounts } from "./exposition.ts";
import { headText, histogramText, sampleText } from "./exposition.ts";
import { Steps } from "./steps.ts";

/** Where text goes. A promise means: wait for it before the next chunk (the reader is behind). */
export type TextSink = { readonly write: (chunk: string) => void | Promise<void> };

/** Characters gathered before the sink gets them; large enough that the sink's own cost is small. */
const CHUNK_CHARACTERS = 32 * 1024;

/**
 * Writes the text format 0.0.4 without holding the event loop: whoever writes rows asks `isDue` after
 * each and awaits `turn()` when it says so.
 *
 * The head of a family is written before its first sample, so a family without samples leaves nothing.
 */
export class TextWriter {
  readonly #sink: TextSink;
  readonly #signal: AbortSignal;
  readonly #steps: Steps;
  #chunk = "";
  #name = "";
  #pendingHead = "";
  #samples = 0;

  constructor(options: {
    readonly sink: TextSink;
    readonly signal: AbortSignal;
    readonly monotonicSeconds: () => number;
    /** Resolves in a later turn of the event loop. */
    readonly nextTurn?: () => Promise<unknown>;
  }) {
    this.#sink = options.sink;
    this.#signal = options.signal;
    this.#steps = new Steps(options);
  }

  /** Samples written so far. */
  get samples(): number {
    return this.#samples;
  }

  /** The next family; each must be begun once. */
  begin(head: FamilyHead): void {
    this.#name = head.name;
    this.#pendingHead = headText(head);
  }

  /** One sample of the family. @param labels As `labelText` gives them. */
  sample(labels: string, value: number): void {
    this.#add(sampleText(this.#name, labels, value), 1);
  }

  /** One gauge sample, or nothing while its value is unknown. */
  gauge(labels: string, value: number): void {
    if (!Number.isNaN(value)) this.sample(labels, value);
  }

  histogram(labels: string, les: readonly string[], counts: HistogramCounts): void {
    this.#add(histogramText(this.#name, labels, les, counts), les.length + 2);
  }

  /** To be asked once after each row: whether `turn()` must be awaited before the next. */
  isDue(): boolean {
    return this.#steps.isDue() || this.#chunk.length >= CHUNK_CHARACTERS;
  }

  /**
   * Hands over what is gathered and lets the event loop turn when this step was long enough.
   *
   * @throws the signal's reason when it is aborted, and what the sink throws.
   */
  async turn(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#chunk.length >= CHUNK_CHARACTERS) await this.#flush();
    await this.#steps.turn();
  }

  /** Hands over the rest. */
  async end(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#chunk !== "") await this.#flush();
  }

  #add(text: string, samples: number): void {
    this.#chunk += this.#pendingHead === "" ? text : this.#pendingHead + text;
    this.#pendingHead = "";
    this.#samples += samples;
  }

  async #flush(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = "";
    await this.#sink.write(chunk);
  }
}
