import { grown } from "./column.ts";

/** Parts of a loss window. The oldest leaves as a whole: the window spans between 11/12 and 12/12. */
const PARTS = 12;

/**
 * Lost and finished echoes of the last `loss_window`, per stream. [hot]
 *
 * Layout: twelve parts a stream, each a pair of counts; a part is named by its number since the thread
 * began, and parts that were skipped are cleared when the stream is next touched.
 */
export class LossWindow {
  #finished = new Uint32Array(0);
  #lost = new Uint32Array(0);
  #newestPart = new Float64Array(0);
  #partSeconds = new Float64Array(0);

  reserve(streams: number): void {
    if (this.#newestPart.length >= streams) return;
    this.#finished = grown(this.#finished, new Uint32Array(streams * PARTS));
    this.#lost = grown(this.#lost, new Uint32Array(streams * PARTS));
    this.#newestPart = grown(this.#newestPart, new Float64Array(streams));
    this.#partSeconds = grown(this.#partSeconds, new Float64Array(streams));
  }

  /** Empties the window of a stream and sets its length. */
  reset(stream: number, windowSeconds: number): void {
    this.#finished.fill(0, stream * PARTS, (stream + 1) * PARTS);
    this.#lost.fill(0, stream * PARTS, (stream + 1) * PARTS);
    this.#newestPart[stream] = 0;
    this.#partSeconds[stream] = windowSeconds / PARTS;
  }

  /** Changes the length; what is in the window is kept only when the length is the same. */
  retune(stream: number, windowSeconds: number): void {
    if (this.#partSeconds[stream] !== windowSeconds / PARTS) this.reset(stream, windowSeconds);
  }

  add(stream: number, nowSeconds: number, isLost: boolean): void {
    const at = stream * PARTS + this.#turnTo(stream, nowSeconds);
    this.#finished[at] = (this.#finished[at] ?? 0) + 1;
    if (isLost) this.#lost[at] = (this.#lost[at] ?? 0) + 1;
  }

  /** Lost over finished; NaN when nothing finished within the window. */
  ratio(stream: number, nowSeconds: number): number {
    this.#turnTo(stream, nowSeconds);
    let finished = 0;
    let lost = 0;
    for (let at = stream * PARTS; at < (stream + 1) * PARTS; at += 1) {
      finished += this.#finished[at] ?? 0;
      lost += this.#lost[at] ?? 0;
    }
    return lost / finished;
  }

  /** Clears the parts that passed since the stream was touched last, and gives the place of the newest. */
  #turnTo(stream: number, nowSeconds: number): number {
    const part = Math.floor(nowSeconds / (this.#partSeconds[stream] ?? 1));
    const newest = this.#newestPart[stream] ?? 0;
    const stale = Math.min(part - newest, PARTS);
    for (let back = 0; back < stale; back += 1) {
      const at = stream * PARTS + ((part - back) % PARTS);
      this.#finished[at] = 0;
      this.#lost[at] = 0;
    }
    if (part > newest) this.#newestPart[stream] = part;
    return part % PARTS;
  }
}
