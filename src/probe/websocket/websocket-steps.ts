import { bytesOfText } from "../../runtime/binary-text.ts";
import { quote } from "../../runtime/found.ts";
import { expandBytes, MAX_EXPANDED_BYTES } from "../dialogue/expansion.ts";
import { type Failed, failed } from "../failure.ts";
import type { ProbeLog } from "../probe-log.ts";
import type { Regexps } from "../regexps.ts";
import type { WebsocketStep } from "./websocket-options.ts";

/** Enough of a message for a sentence or a line of the log. */
const MAX_SHOWN_BYTES = 1024;

/** Where a dialogue stands. */
export type Progress = { readonly kind: "waiting" } | { readonly kind: "done" } | Failed;

/**
 * The steps of a module over messages: each `expect` is tried on one message, and `send` follows it.
 *
 * Knows nothing of connections: what comes is handed in, what goes is handed out, at once.
 */
export class WebsocketSteps {
  readonly #steps: readonly WebsocketStep[];
  readonly #send: (message: Buffer) => void;
  readonly #regexps: Regexps;
  readonly #log: ProbeLog;
  #at = 0;

  constructor(parts: {
    readonly steps: readonly WebsocketStep[];
    readonly send: (message: Buffer) => void;
    readonly regexps: Regexps;
    readonly log: ProbeLog;
  }) {
    this.#steps = parts.steps;
    this.#send = parts.send;
    this.#regexps = parts.regexps;
    this.#log = parts.log;
  }

  /** Says what is said before the first message is waited for. */
  begin(): Progress {
    for (;;) {
      const step = this.#steps[this.#at];
      if (step === undefined) return { kind: "done" };
      if (step.expect !== undefined) return { kind: "waiting" };
      this.#say(bytesOfText(step.send));
      this.#at += 1;
    }
  }

  /** Takes the message that was waited for. */
  hear(message: Uint8Array): Progress {
    const step = this.#steps[this.#at];
    if (step?.expect === undefined) return this.begin();
    const match = this.#regexps.find(step.expect, message);
    if (match === undefined) {
      return failed(
        "expect_mismatch",
        `the message ${quote(shown(message))} does not match ${quote(step.expect)}`,
      );
    }
    this.#log.add("info", "Regexp matched", { regexp: step.expect, message: shown(message) });
    const answer = expandBytes(bytesOfText(step.send), match);
    if (answer === undefined) {
      return failed(
        "expect_too_large",
        `send would have more than ${MAX_EXPANDED_BYTES} bytes with what the peer sent`,
      );
    }
    this.#say(answer);
    this.#at += 1;
    return this.begin();
  }

  #say(message: Buffer): void {
    if (message.length === 0) return;
    this.#log.add("debug", "Sending message", { message: shown(message) });
    this.#send(message);
  }
}

function shown(message: Uint8Array): string {
  return Buffer.from(message.subarray(0, MAX_SHOWN_BYTES)).toString("utf8");
}
