import type { Clock } from "../runtime/clock.ts";
import type { PhaseOf, ProberWithPhases } from "./prober.ts";

/** What a probe is doing at a moment. */
export type Stage =
  | "prepare"
  /** A token for the request is being fetched. */
  | "token"
  | "resolve"
  | "connect"
  | "tls"
  | "request"
  | "processing"
  | "head"
  | "body"
  /** Lines or messages said to and fro (tcp, unix, websocket). */
  | "dialogue"
  /** A DNS question is under way. */
  | "query"
  /** A gRPC call is under way. */
  | "check"
  /** An echo is under way; its round trip is measured by the engine. */
  | "echo";

/** Probers with a stopwatch: all, and of icmp only what lies before the echo. */
export type TimedProber = ProberWithPhases | "icmp";
type TimedPhase<P extends TimedProber> = P extends ProberWithPhases ? PhaseOf<P> : "resolve";
type PhaseByStage<P extends TimedProber> = Readonly<Record<Stage, TimedPhase<P> | undefined>>;

const NO_PHASE: Readonly<Record<Stage, undefined>> = {
  prepare: undefined,
  token: undefined,
  resolve: undefined,
  connect: undefined,
  tls: undefined,
  request: undefined,
  processing: undefined,
  head: undefined,
  body: undefined,
  dialogue: undefined,
  query: undefined,
  check: undefined,
  echo: undefined,
};

/** The phase a stage's time belongs to, by prober; reading files belongs to none. */
const PHASES_BY_STAGE: { readonly [P in TimedProber]: PhaseByStage<P> } = {
  http: {
    ...NO_PHASE,
    resolve: "resolve",
    connect: "connect",
    tls: "tls",
    processing: "processing",
    head: "transfer",
    body: "transfer",
  },
  tcp: {
    ...NO_PHASE,
    resolve: "resolve",
    connect: "connect",
    tls: "tls",
    dialogue: "processing",
  },
  unix: { ...NO_PHASE, connect: "connect", tls: "tls", dialogue: "processing" },
  dns: { ...NO_PHASE, resolve: "resolve", connect: "connect", tls: "tls", query: "request" },
  icmp: { ...NO_PHASE, resolve: "resolve" },
  grpc: { ...NO_PHASE, resolve: "resolve", connect: "connect", tls: "tls", check: "check" },
  websocket: {
    ...NO_PHASE,
    resolve: "resolve",
    connect: "connect",
    tls: "tls",
    processing: "processing",
    dialogue: "transfer",
  },
};

/** What shared parts of a probe know of its stopwatch. */
export type StageClock = {
  readonly current: Stage;
  readonly enter: (stage: Stage) => void;
};

/** The stopwatch of one probe: each moment is in one stage, the time of a phase adds up over redirects. */
export class Stages<P extends TimedProber> implements StageClock {
  readonly #clock: Clock;
  readonly #phaseOf: PhaseByStage<P>;
  readonly #seconds = new Map<TimedPhase<P>, number>();
  #stage: Stage = "prepare";
  #sinceSeconds: number;

  constructor(prober: P, clock: Clock) {
    this.#clock = clock;
    this.#phaseOf = PHASES_BY_STAGE[prober];
    this.#sinceSeconds = clock.monotonicSeconds();
  }

  get current(): Stage {
    return this.#stage;
  }

  enter(stage: Stage): void {
    const nowSeconds = this.#clock.monotonicSeconds();
    const phase = this.#phaseOf[this.#stage];
    if (phase !== undefined) {
      this.#seconds.set(phase, this.seconds(phase) + nowSeconds - this.#sinceSeconds);
    }
    this.#stage = stage;
    this.#sinceSeconds = nowSeconds;
  }

  /** Seconds of a phase up to the last change of stage. */
  seconds(phase: TimedPhase<P>): number {
    return this.#seconds.get(phase) ?? 0;
  }
}
