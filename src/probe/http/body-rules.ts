import { type Failed, failed } from "../failure.ts";
import type { Regexps } from "../regexps.ts";
import type { HttpOptions } from "./http-options.ts";
import { hasJsonRule, type JsonOptions } from "./json-rules.ts";

/** Most of one body that regular expressions are run on; a longer one fails, for no rule saw its end. */
export const MAX_EXAMINED_BYTES = 16 * 2 ** 20;
/** Most that the bodies of all probes under way may hold together. */
export const MAX_HELD_BYTES = 256 * 2 ** 20;

/** Memory for bodies, shared by all probes of a thread. */
export class BodyBudget {
  #freeBytes: number;

  constructor(bytes: number) {
    this.#freeBytes = bytes;
  }

  /** @returns false when so much is not free; nothing is taken then. */
  take(bytes: number): boolean {
    if (bytes > this.#freeBytes) return false;
    this.#freeBytes -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#freeBytes += bytes;
  }
}

type BodyOptions = JsonOptions &
  Pick<
    HttpOptions,
    "body_size_limit" | "fail_if_body_matches_regexp" | "fail_if_body_not_matches_regexp"
  >;

export function hasRegexpRule(options: BodyOptions): boolean {
  const { fail_if_body_matches_regexp: bad, fail_if_body_not_matches_regexp: good } = options;
  return bad.length + good.length > 0;
}

/** The body of one answer: counted, and kept where a rule will look at it. */
export class Body {
  readonly #options: BodyOptions;
  readonly #budget: BodyBudget;
  readonly #isKept: boolean;
  readonly #chunks: Buffer[] = [];
  #heldBytes = 0;
  #lengthBytes = 0;
  #failure: Failed | undefined;

  constructor(options: BodyOptions, budget: BodyBudget) {
    this.#options = options;
    this.#budget = budget;
    this.#isKept = hasRegexpRule(options) || hasJsonRule(options);
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Why no more of it is wanted; undefined while it is. */
  get failure(): Failed | undefined {
    return this.#failure;
  }

  /** @returns whether to go on reading. */
  add(chunk: Buffer): boolean {
    const limitBytes = this.#options.body_size_limit;
    this.#lengthBytes += chunk.length;
    if (limitBytes > 0 && this.#lengthBytes > limitBytes) {
      this.#lengthBytes = limitBytes;
      return this.#refuse(failed("body_too_large", `the body is longer than ${limitBytes} bytes`));
    }
    if (!this.#isKept) return true;
    if (this.#lengthBytes > MAX_EXAMINED_BYTES) {
      const why = `the body is longer than the ${MAX_EXAMINED_BYTES} bytes that rules look at`;
      return this.#refuse(failed("body_too_large", why));
    }
    if (!this.#budget.take(chunk.length)) {
      const why =
        "the bodies of all probes under way are larger than the memory set aside for them";
      return this.#refuse(failed("agent_overloaded", why));
    }
    this.#heldBytes += chunk.length;
    // A copy: a slice would keep the whole buffer it was read into alive.
    this.#chunks.push(Buffer.from(chunk));
    return true;
  }

  #refuse(failure: Failed): false {
    this.#failure = failure;
    return false;
  }

  /** The whole body where a rule looks at it, nothing otherwise. */
  get bytes(): Buffer {
    if (this.#chunks.length > 1) {
      this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks, this.#heldBytes));
    }
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Applies the module's regular expressions to the whole body. */
  check(regexps: Regexps): Failed | undefined {
    if (!hasRegexpRule(this.#options)) return undefined;
    const text = this.bytes;
    for (const pattern of this.#options.fail_if_body_matches_regexp) {
      if (regexps.isIn(pattern, text)) {
        return failed("body_mismatch", `the body matches ${shown(pattern)}`);
      }
    }
    for (const pattern of this.#options.fail_if_body_not_matches_regexp) {
      if (!regexps.isIn(pattern, text)) {
        return failed("body_mismatch", `the body does not match ${shown(pattern)}`);
      }
    }
    return undefined;
  }

  /** Gives its memory back; to be called once, at the end of the probe. */
  release(): void {
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#chunks.length = 0;
  }
}

function shown(pattern: string): string {
  return pattern.length > 100 ? `${pattern.slice(0, 100)}…` : pattern;
}
