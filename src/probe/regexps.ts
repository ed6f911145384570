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

/** Compiled patterns by their text. A pattern must have passed `regexp`. */
export class Regexps {
  readonly #kept = new Map<string, RE2JS>();

  /** Whether the pattern occurs anywhere in the input; bytes are read as UTF-8. */
  isIn(pattern: string, input: string | Uint8Array): boolean {
    const compiled = this.#kept.get(pattern) ?? RE2JS.compile(pattern);
    this.#kept.delete(pattern);
    this.#kept.set(pattern, compiled);
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return compiled.test(input);
  }
}
