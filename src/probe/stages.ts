import type { Clock } from "../runtime/clock.ts";
import type { HttpPhase } from "./prober.ts";

/** What an HTTP probe is doing at a moment. */
export type Stage =
  | "prepare"
  | "resolve"
  | "connect"
  | "tls"
  | "request"
  | "processing"
  | "head"
  | "body";

/** The phase a stage's time belongs to; sending the request and reading files belong to none. */
const PHASE_OF: Readonly<Record<Stage, HttpPhase | undefined>> = {
  prepare: undefined,
  resolve: "resolve",
  connect: "connect",
  tls: "tls",
  request: undefined,
  processing: "processing",
  head: "transfer",
  body: "transfer",
};

/** The stopwatch of one probe: each moment is in one stage, the time of a phase adds up over redirects. */
export class Stages {
  readonly #clock: Clock;
  readonly #seconds: Record<HttpPhase, number> = {
    resolve: 0,
    connect: 0,
    tls: 0,
    processing: 0,
    transfer: 0,
  };
  #stage: Stage = "prepare";
  #sinceSeconds: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceSeconds = clock.monotonicSeconds();
  }

  get current(): Stage {
    return this.#stage;
  }

  enter(stage: Stage): void {
    const nowSeconds = this.#clock.monotonicSeconds();
    const phase = PHASE_OF[this.#stage];
    if (phase !== undefined) this.#seconds[phase] += nowSeconds - this.#sinceSeconds;
    this.#stage = stage;
    this.#sinceSeconds = nowSeconds;
  }

  /** Seconds by phase up to the last change of stage. */
  phases(): Record<HttpPhase, number> {
    return { ...this.#seconds };
  }
}
