import { ADDRESS_WORDS } from "../transport.ts";

/** Numbers each note has in the list: stream, code, then who reported it. */
export const NOTE_WORDS = 2 + ADDRESS_WORDS;

/** A code from here on is an errno, below it the index of a loss reason. */
export const FIRST_ERRNO_CODE = 0x1000;

/** Echoes whose explanation is known before their deadline: a router's flood must not fill the memory. */
const MAX_REPORTERS = 65_536;

const NOBODY = new Uint32Array(ADDRESS_WORDS);

type Note = { readonly code: number; readonly reporter: Uint32Array };

/**
 * Why the last echoes of streams had no answer, where somebody said so.
 *
 * A note stays until the stream is answered: routers send few ICMP errors, so silence after one contradicts nothing.
 */
export class FailureNotes {
  readonly #notes = new Map<number, Note>();
  /** By slot, for echoes whose deadline has not passed. */
  readonly #reporters = new Map<number, Uint32Array>();

  /** An ICMP error came for an echo in flight; it counts only if no answer comes. */
  reported(slot: number, reporter: Uint32Array, reporterWord: number): void {
    // Whoever sent an earlier error about this echo did not send this one.
    this.#reporters.delete(slot);
    if (this.#reporters.size >= MAX_REPORTERS || (reporter[reporterWord] ?? 0) === 0) return;
    this.#reporters.set(slot, reporter.slice(reporterWord, reporterWord + ADDRESS_WORDS));
  }

  /** Socket address of who explained the loss of this echo, which is forgotten now. */
  takeReporter(slot: number): Uint32Array | undefined {
    if (this.#reporters.size === 0) return undefined;
    const reporter = this.#reporters.get(slot);
    if (reporter !== undefined) this.#reporters.delete(slot);
    return reporter;
  }

  /** @param reason Index of the loss reason. */
  noteLost(stream: number, reason: number, reporter: Uint32Array | undefined): void {
    this.#notes.set(stream, { code: reason, reporter: reporter ?? NOBODY });
  }

  noteUnsent(stream: number, errno: number): void {
    this.#notes.set(stream, { code: FIRST_ERRNO_CODE + errno, reporter: NOBODY });
  }

  forget(stream: number): void {
    if (this.#notes.size > 0) this.#notes.delete(stream);
  }

  /** All notes, `NOTE_WORDS` numbers each: twenty thousand failing streams are no objects for another thread. */
  list(): Uint32Array {
    const list = new Uint32Array(this.#notes.size * NOTE_WORDS);
    let at = 0;
    for (const [stream, { code, reporter }] of this.#notes) {
      list[at] = stream;
      list[at + 1] = code;
      list.set(reporter, at + 2);
      at += NOTE_WORDS;
    }
    return list;
  }
}
