import type { Clock } from "../../../runtime/clock.ts";
import type { LossReason } from "../../echo.ts";
import { lingerSeconds, pingArguments } from "./ping-command.ts";
import { type AskedEcho, type PingHeard, readPingOutput } from "./ping-output.ts";
import type { ProgramOutput, RunningProgram, RunProgram } from "./ping-process.ts";

/** A program that should have ended by itself is killed after this. */
const GRACE_SECONDS = 1;

/**
 * How far the wall clock and the monotonic one may move apart while nobody steps either: they are read one after the
 * other, one of them in milliseconds, and the wall clock may be slewed (adjtime(3): 500 µs a second).
 */
const CLOCK_SLACK_SECONDS = 0.01;

export type ToldError =
  | { readonly kind: "unsent"; readonly errno: string }
  | { readonly kind: "explained"; readonly reason: LossReason; readonly reporter: string };

export type ToldReply =
  | { readonly kind: "answered"; readonly rttSeconds: number; readonly hopLimit: number }
  | { readonly kind: "corrupted" }
  | { readonly kind: "foreign" };

type Answer = Extract<PingHeard, { readonly kind: "answered" }>;

/** One echo with the program that sends it, and what of its words was not told yet. */
export class PingEcho {
  readonly slot: number;
  /** Socket address of the target. */
  readonly words: Uint32Array;
  readonly #asked: AskedEcho;
  readonly #timeoutSeconds: number;
  readonly #clock: Clock;
  #startedSeconds = 0;
  #startedWallSeconds = 0;
  /** When the program wrote first, on both clocks; it writes nothing before it heard something. */
  #wroteSeconds: number | undefined;
  #wroteWallSeconds = 0;
  #program: RunningProgram | undefined;
  #output: ProgramOutput = { stdout: "", stderr: "", end: undefined };
  /** Whether there is output that was not read. */
  #isFresh = false;
  #heardBefore = 0;
  #isUnsent = false;
  #errors: ToldError[] = [];
  #replies: ToldReply[] = [];

  constructor(
    options: AskedEcho & {
      readonly slot: number;
      readonly words: Uint32Array;
      readonly timeoutSeconds: number;
      readonly clock: Clock;
    },
  ) {
    this.slot = options.slot;
    this.words = options.words;
    this.#asked = options;
    this.#timeoutSeconds = options.timeoutSeconds;
    this.#clock = options.clock;
  }

  /** Unix time of the start. */
  get startedWallSeconds(): number {
    return this.#startedWallSeconds;
  }

  /** @throws what the system says when it refuses to start the program. */
  start(run: RunProgram, path: string, flags: readonly string[], onChange: () => void): void {
    const { target, payloadBytes } = this.#asked;
    const args = pingArguments(flags, target, payloadBytes, this.#timeoutSeconds);
    this.#startedSeconds = this.#clock.monotonicSeconds();
    this.#startedWallSeconds = this.#clock.wallSeconds();
    const limitSeconds = lingerSeconds(this.#timeoutSeconds) + GRACE_SECONDS;
    this.#program = run(path, args, limitSeconds, (output) => {
      if (this.#wroteSeconds === undefined && output.stdout !== "") {
        this.#wroteSeconds = this.#clock.monotonicSeconds();
        this.#wroteWallSeconds = this.#clock.wallSeconds();
      }
      this.#output = output;
      this.#isFresh = true;
      onChange();
    });
  }

  /** Why it did not leave, and what ICMP errors said of it, once each. */
  takeErrors(): readonly ToldError[] {
    this.#read();
    const errors = this.#errors;
    if (errors.length > 0) this.#errors = [];
    return errors;
  }

  takeReplies(): readonly ToldReply[] {
    this.#read();
    const replies = this.#replies;
    if (replies.length > 0) this.#replies = [];
    return replies;
  }

  /** Nothing more will come of it, and all was taken. */
  get isOver(): boolean {
    const isEmpty = !this.#isFresh && this.#errors.length === 0 && this.#replies.length === 0;
    return this.#output.end !== undefined && isEmpty;
  }

  stop(): void {
    if (this.#output.end === undefined) this.#program?.kill();
  }

  #read(): void {
    if (!this.#isFresh) return;
    this.#isFresh = false;
    if (this.#isUnsent) return;
    const { heard, unsent } = readPingOutput(this.#asked, this.#output);
    for (const one of heard.slice(this.#heardBefore)) this.#take(one);
    this.#heardBefore = Math.max(this.#heardBefore, heard.length);
    if (unsent === undefined) return;
    this.#isUnsent = true;
    // It may listen on nevertheless.
    this.stop();
    // iputils tries to send for as long as it listens: what is refused after the deadline was lost by then.
    const elapsed = this.#clock.monotonicSeconds() - this.#startedSeconds;
    if (elapsed < this.#timeoutSeconds) this.#errors.push({ kind: "unsent", errno: unsent });
  }

  #take(heard: PingHeard): void {
    switch (heard.kind) {
      case "answered":
        this.#replies.push(this.#timed(heard));
        return;
      case "corrupted":
      case "foreign":
        this.#replies.push(heard);
        return;
      case "explained":
        this.#errors.push(heard);
        return;
    }
  }

  /**
   * A reply with its time. The program's stamp travels in the packet: a time that is longer than the program ran was
   * damaged on the way, unless the clock was stepped, over which the program of iputils measures wrongly.
   */
  #timed({ rttSeconds, hopLimit, isTimeMadeUp }: Answer): ToldReply {
    const elapsed = (this.#wroteSeconds ?? this.#startedSeconds) - this.#startedSeconds;
    const stepped = Math.abs(this.#wroteWallSeconds - this.#startedWallSeconds - elapsed);
    // BusyBox measures by the monotonic clock.
    const isStepped = this.#asked.kind === "iputils" && stepped > CLOCK_SLACK_SECONDS;
    if (rttSeconds === undefined || isStepped) {
      return { kind: "answered", rttSeconds: elapsed, hopLimit };
    }
    if (isTimeMadeUp || rttSeconds > elapsed + CLOCK_SLACK_SECONDS) return { kind: "corrupted" };
    return { kind: "answered", rttSeconds, hopLimit };
  }
}
