import * as z from "zod";
import { compileCel, type Part } from "./compile.ts";
import { MAX_EXPRESSION_CHARACTERS } from "./parse.ts";
import { MAX_STEPS, OutOfSteps, Run } from "./run.ts";
import { CelSyntaxError } from "./tokens.ts";
import { CelError, type CelValue, typeName } from "./value.ts";

/** Compiled expressions kept; the least recently used one goes. */
const MAX_KEPT = 1_000;

/** The schema of an expression in CEL over the variable `body`; its output is the text. */
export const celExpression = z
  .string({ error: "expected one expression in CEL as a text: write it in quotes" })
  .max(MAX_EXPRESSION_CHARACTERS, {
    error: `an expression may have at most ${MAX_EXPRESSION_CHARACTERS} characters`,
  })
  .superRefine((text, context) => {
    try {
      compileCel(text);
    } catch (error) {
      if (!(error instanceof CelSyntaxError)) throw error;
      context.addIssue({
        code: "custom",
        message: `not an expression in CEL, at character ${error.at + 1}: ${error.message} (see https://cel.dev)`,
      });
    }
  });

/** What an expression says of a body. `failed` has one sentence why it says nothing. */
export type CelVerdict =
  | { readonly kind: "decided"; readonly isTrue: boolean }
  | { readonly kind: "failed"; readonly detail: string };

/** Compiled expressions by their text. A text must have passed `celExpression`. */
export class CelExpressions {
  readonly #kept = new Map<string, Part>();

  /**
   * Evaluates an expression over a body that `JSON.parse` has read.
   *
   * @param steps How many steps it may take; a call, an element looked at and 64 bytes are one each.
   */
  evaluate(text: string, body: unknown, steps: number = MAX_STEPS): CelVerdict {
    const compiled = this.#compiled(text);
    try {
      // What JSON can hold is a part of what CEL knows.
      const result = compiled.evaluate(new Run(body as CelValue, steps));
      if (typeof result === "boolean") return { kind: "decided", isTrue: result };
      const detail =
        result instanceof CelError
          ? result.message
          : `it gives ${typeName(result)}, not true or false`;
      return { kind: "failed", detail };
    } catch (error) {
      if (!(error instanceof OutOfSteps)) throw error;
      return { kind: "failed", detail: `it takes more than ${steps} steps on this body` };
    }
  }

  #compiled(text: string): Part {
    const compiled = this.#kept.get(text) ?? compileCel(text);
    this.#kept.delete(text);
    this.#kept.set(text, compiled);
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return compiled;
  }
}
