import type { CelValue } from "./value.ts";

/**
 * Steps one evaluation may take: a tenth of a second or so. The thread makes other probes meanwhile,
 * and the body, on whose size macros within macros feed, is the peer's.
 */
export const MAX_STEPS = 2_000_000;

/** The evaluation took more steps than it may. Ends it whatever is around, so it is thrown. */
export class OutOfSteps extends Error {
  override readonly name = "OutOfSteps";
}

/** One evaluation under way. */
export class Run {
  /** Variables by number: `body` is 0, those of macros follow by the depth of nesting. */
  readonly variables: CelValue[];
  #stepsLeft: number;

  constructor(body: CelValue, steps: number) {
    this.variables = [body];
    this.#stepsLeft = steps;
  }

  /** To be called before the work is done. @throws OutOfSteps */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new OutOfSteps("Cannot go on: out of steps");
  }

  /** Of work that a machine does on many bytes at once. */
  spendBytes(bytes: number): void {
    this.spend(Math.floor(bytes / 64));
  }
}
