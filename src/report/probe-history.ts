import type { ProbeOutcome } from "../probe/prober.ts";

/** Longest text kept of one probe, in characters. */
export const MAX_KEPT_CHARACTERS = 64 * 1024;

const CUT_SENTENCE = `\n… cut here: the history keeps at most ${MAX_KEPT_CHARACTERS} characters of a probe\n`;

/** One probe that was made on demand. */
export type KeptProbe = {
  /** Rising by 1 from 0, as blackbox_exporter numbers them; never used again. */
  readonly id: number;
  readonly target: string;
  readonly moduleName: string;
  readonly isSuccess: boolean;
  /** Unix time. */
  readonly startedAtSeconds: number;
  /** What `debug=true` shows of it, or would have shown. */
  readonly debugText: () => string;
};

/**
 * The last probes made on demand. A failed one that leaves the list goes into a second list of the
 * same length, so that many successes do not hide a failure.
 *
 * Holds what a probe ended with and makes its text when somebody asks: `/probe` is asked thousands of
 * times for each time that anybody looks here. At most twice the limit is kept, some 64 Ki characters
 * of each.
 */
export class ProbeHistory {
  readonly #limit: number;
  readonly #recent = new Map<number, KeptProbe>();
  readonly #failed = new Map<number, KeptProbe>();
  #nextId = 0;

  /** @param limit Length of each of the two lists; 0 keeps nothing. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param probe.debugText Called at most when asked for, or at once when the outcome is large. */
  add(probe: {
    readonly target: string;
    readonly moduleName: string;
    readonly outcome: ProbeOutcome;
    readonly debugText: () => string;
  }): void {
    if (this.#limit === 0) return;
    const { target, moduleName, outcome } = probe;
    const id = this.#nextId;
    this.#nextId += 1;
    const isLarge = charactersOf(outcome, MAX_KEPT_CHARACTERS) >= MAX_KEPT_CHARACTERS;
    this.#recent.set(id, {
      id,
      target,
      moduleName,
      isSuccess: outcome.kind === "succeeded",
      startedAtSeconds: outcome.finishedAtSeconds - outcome.durationSeconds,
      debugText: isLarge ? keptText(probe.debugText()) : () => cut(probe.debugText()),
    });
    const pushedOut = takeOldestBeyond(this.#recent, this.#limit);
    if (pushedOut === undefined || pushedOut.isSuccess) return;
    this.#failed.set(pushedOut.id, pushedOut);
    takeOldestBeyond(this.#failed, this.#limit);
  }

  /** Newest first; the failed ones that were pushed out come last. At most `most`. */
  newest(most: number): readonly KeptProbe[] {
    return [...this.#failed.values(), ...this.#recent.values()].reverse().slice(0, most);
  }

  get(id: number): KeptProbe | undefined {
    return this.#failed.get(id) ?? this.#recent.get(id);
  }

  /** The oldest one kept of a target, and of a module if one is named; failed ones pushed out come first. */
  oldestOf(target: string, moduleName: string | undefined): KeptProbe | undefined {
    for (const kept of [this.#failed, this.#recent]) {
      for (const probe of kept.values()) {
        const isModule = moduleName === undefined || probe.moduleName === moduleName;
        if (probe.target === target && isModule) return probe;
      }
    }
    return undefined;
  }
}

function takeOldestBeyond(kept: Map<number, KeptProbe>, limit: number): KeptProbe | undefined {
  if (kept.size <= limit) return undefined;
  const oldest = kept.values().next().value;
  if (oldest !== undefined) kept.delete(oldest.id);
  return oldest;
}

/** A function of its own, so that it holds the cut text and nothing of the outcome. */
function keptText(text: string): () => string {
  // Through bytes: a slice of a string would hold the whole of it.
  const own = Buffer.from(cut(text)).toString();
  return () => own;
}

function cut(text: string): string {
  if (text.length <= MAX_KEPT_CHARACTERS) return text;
  return text.slice(0, MAX_KEPT_CHARACTERS - CUT_SENTENCE.length) + CUT_SENTENCE;
}

/** Characters of all texts in plain data, counted until `most` is reached. */
function charactersOf(value: unknown, most: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  let sum = 0;
  for (const key in value) {
    sum += charactersOf((value as Readonly<Record<string, unknown>>)[key], most - sum);
    if (sum >= most) return sum;
  }
  return sum;
}
