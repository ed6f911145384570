import { RE2JS, RE2JSException } from "re2js";
import * as z from "zod";

/** Longest pattern, in characters; compiling takes time in proportion. */
const MAX_PATTERN_CHARACTERS = 10_000;
/** Compiled patterns kept; the least recently used one goes. */
const MAX_KEPT = 1_000;

/** The schema of a regular expression in RE2 syntax (linear time); its output is the pattern. */
export const regexp = z
  .string({ error: "expected a regular expression as one text: write it in quotes" })
  .max(MAX_PATTERN_CHARACTERS, {
    error: `a regular expression may have at most ${MAX_PATTERN_CHARACTERS} characters`,
  })
  .superRefine((pattern, context) => {
    try {
      RE2JS.compile(pattern);
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      const why = error.message.replace(/^error parsing regexp: /, "");
      context.addIssue({
        code: "custom",
        message: `not a regular expression in RE2 syntax, ${why}: see https://github.com/google/re2/wiki/Syntax (no look-around, no back-references)`,
      });
    }
  });

/** Where a group matched, in bytes; undefined for one that took no part. */
export type RegexpSpan = { readonly start: number; readonly end: number } | undefined;

/** One occurrence of a pattern; span 0 is the whole of it. */
export type RegexpMatch = {
  readonly input: Uint8Array;
  readonly spans: readonly RegexpSpan[];
  /** Numbers of the named groups. */
  readonly names: Readonly<Record<string, number>>;
};

/** Compiled patterns by their text. A pattern must have passed `regexp`. */
export class Regexps {
  readonly #kept = new Map<string, RE2JS>();

  /** Whether the pattern occurs anywhere in the input; bytes are read as UTF-8. */
  isIn(pattern: string, input: string | Uint8Array): boolean {
    return this.#compiled(pattern).test(input);
  }

  /** The first place in the input where the pattern occurs; undefined when it does not. */
  find(pattern: string, input: Uint8Array): RegexpMatch | undefined {
    const compiled = this.#compiled(pattern);
    // Most lines do not match, and to find that out alone costs a third.
    if (!compiled.test(input)) return undefined;
    const matcher = compiled.matcher(input);
    if (!matcher.find()) return undefined;
    const spans: RegexpSpan[] = [];
    for (let group = 0; group <= matcher.groupCount(); group += 1) {
      const [start, end] = [matcher.start(group), matcher.end(group)];
      spans.push(start < 0 ? undefined : { start, end });
    }
    return { input, spans, names: compiled.namedGroups() };
  }

  #compiled(pattern: string): RE2JS {
    const compiled = this.#kept.get(pattern) ?? RE2JS.compile(pattern);
    this.#kept.delete(pattern);
    this.#kept.set(pattern, compiled);
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return compiled;
  }
}
