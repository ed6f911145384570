import type { EchoOutcome, SocketProfile } from "../icmp/echo.ts";
import type { Engine } from "../icmp/engine-contract.ts";
import type { Resolve } from "../resolve/resolution.ts";
import type { Address } from "../runtime/address.ts";
import type { Clock } from "../runtime/clock.ts";
import { DueHeap } from "../schedule/due-heap.ts";
import { aimAt, type FamilyWish } from "./aim.ts";
import { Pace } from "./pace.ts";
import type { PingEcho, PingFailure } from "./ping.ts";
import type { PingSettings } from "./settings.ts";

/** Echoes waited for at once; with more, the next waits for an end. A quarter of the engine's smallest table. */
const MAX_IN_FLIGHT = 16_384;
/** As every system sends: 64 hops. */
const HOP_LIMIT = 64;
/** A due time met this late moves the name's later ones, so that its echoes never come closer than asked. */
const MAX_LAG_SECONDS = 0.005;

/** What a run works with; a test hands in its own. */
export type PingTools = {
  readonly engine: Pick<Engine, "echo" | "state" | "problem">;
  readonly resolve: Resolve;
  readonly clock: Clock;
  /** Calls back once after a time; gives what takes that back. */
  readonly after: (seconds: number, callback: () => void) => () => void;
  readonly wish: FamilyWish;
};

/** Told what happens, in the order in which it does. What they throw ends the run. */
export type PingListener = {
  readonly onAimed: (index: number, address: Address) => void;
  readonly onFailed: (index: number, failure: PingFailure) => void;
  readonly onEcho: (echo: PingEcho) => void;
};

/** The engine cannot send this at all. */
type Refusal = { readonly kind: "refused"; readonly detail: string };

type Target = {
  readonly index: number;
  readonly name: string;
  readonly address: Address;
  sent: number;
  inFlight: number;
  state: "open" | "closed";
};

/**
 * Sends the echoes of all names of one batch, spread out, and tells how each ended.
 *
 * A name begins as soon as its address is known; a slow look-up holds nobody up. A name that cannot be sent to
 * fails alone; the end of the engine ends the run with an error.
 */
export class PingRun {
  readonly #names: readonly string[];
  readonly #settings: PingSettings;
  readonly #tools: PingTools;
  readonly #listener: PingListener;
  readonly #due = new DueHeap<Target>();
  readonly #pace: Pace;
  readonly #lookUps = new AbortController();
  #open = 0;
  #inFlight = 0;
  #wakeSeconds = Number.POSITIVE_INFINITY;
  #cancelWake: () => void = () => {};
  #end: (error?: unknown) => void = () => {};
  #isOver = false;

  /** @param settings `count` may be Infinity: then only the signal ends the run. */
  constructor(options: {
    readonly names: readonly string[];
    readonly settings: PingSettings;
    readonly tools: PingTools;
    readonly listener: PingListener;
  }) {
    this.#names = options.names;
    this.#settings = options.settings;
    this.#tools = options.tools;
    this.#listener = options.listener;
    this.#pace = new Pace(options.settings.echoesPerSecond);
  }

  /**
   * @returns when every echo has ended, or the signal was aborted; echoes in flight are then not told of.
   * @throws when the engine ends, or a listener throws.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#names.length === 0) return;
    const onAbort = (): void => this.#end();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#end = (error) => {
          this.#isOver = true;
          if (error === undefined) resolve();
          else reject(error);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        this.#open = this.#names.length;
        for (const [index, name] of this.#names.entries()) void this.#aim(index, name);
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#cancelWake();
      this.#lookUps.abort();
    }
  }

  async #aim(index: number, name: string): Promise<void> {
    try {
      const { resolve, wish } = this.#tools;
      const aim = await aimAt(name, wish, resolve, this.#lookUps.signal);
      if (this.#isOver) return;
      if (aim.kind === "failed") {
        this.#listener.onFailed(index, aim.failure);
        this.#close();
        return;
      }
      this.#listener.onAimed(index, aim.address);
      const target: Target = {
        index,
        name,
        address: aim.address,
        sent: 0,
        inFlight: 0,
        state: "open",
      };
      this.#due.add(target, this.#tools.clock.monotonicSeconds());
      this.#plan();
    } catch (error) {
      if (!this.#isOver) this.#end(error);
    }
  }

  #close(target?: Target): void {
    if (target !== undefined) target.state = "closed";
    this.#open -= 1;
    if (this.#open === 0) this.#end();
  }

  #plan(): void {
    const earliest = this.#due.earliestSeconds;
    if (earliest === undefined || this.#inFlight >= MAX_IN_FLIGHT || this.#isOver) return;
    const wakeSeconds = Math.max(earliest, this.#pace.nextSeconds);
    if (wakeSeconds >= this.#wakeSeconds) return;
    this.#cancelWake();
    this.#wakeSeconds = wakeSeconds;
    const now = this.#tools.clock.monotonicSeconds();
    this.#cancelWake = this.#tools.after(Math.max(wakeSeconds - now, 0), () => {
      this.#wakeSeconds = Number.POSITIVE_INFINITY;
      this.#sendDue();
      this.#plan();
    });
  }

  #sendDue(): void {
    const now = this.#tools.clock.monotonicSeconds();
    while (this.#inFlight < MAX_IN_FLIGHT && this.#pace.nextSeconds <= now) {
      const due = this.#due.takeDue(now);
      if (due === undefined) return;
      this.#pace.take(now);
      void this.#send(due.item);
      if (due.item.sent >= this.#settings.count) continue;
      const isLate = now - due.dueSeconds > MAX_LAG_SECONDS;
      this.#due.add(due.item, (isLate ? now : due.dueSeconds) + this.#settings.spacingSeconds);
    }
  }

  async #send(target: Target): Promise<void> {
    target.sent += 1;
    target.inFlight += 1;
    this.#inFlight += 1;
    const sequence = target.sent;
    try {
      const outcome = await this.#echo(target.address);
      if (this.#isOver) return;
      this.#inFlight -= 1;
      target.inFlight -= 1;
      if (target.state === "open") this.#told(target, sequence, outcome);
      this.#plan();
    } catch (error) {
      if (!this.#isOver) this.#end(error);
    }
  }

  /** What the engine cannot send at all, it says by an error with a sentence: a wrong source address, no such family. */
  async #echo(address: Address): Promise<EchoOutcome | Refusal> {
    const { engine } = this.#tools;
    try {
      return await engine.echo({
        address: address.text,
        profile: this.#profile(address),
        payloadBytes: this.#settings.payloadBytes,
        timeoutSeconds: this.#settings.timeoutSeconds,
      });
    } catch (error) {
      if (engine.state !== "running") throw error;
      return { kind: "refused", detail: error instanceof Error ? error.message : String(error) };
    }
  }

  #profile({ family }: Address): SocketProfile {
    return {
      family,
      source: this.#settings.source,
      interface: undefined,
      mark: 0,
      dscp: this.#settings.dscp,
      hopLimit: HOP_LIMIT,
      isFragmentingForbidden: false,
    };
  }

  /** A target that was refused once is not tried again; echoes of it that are in flight end unheard. */
  #told(target: Target, sequence: number, outcome: EchoOutcome | Refusal): void {
    const { index, name, address } = target;
    if (outcome.kind === "refused") {
      this.#due.remove(target);
      this.#listener.onFailed(index, { reason: "icmp_refused", detail: outcome.detail });
      this.#close(target);
      return;
    }
    this.#listener.onEcho({ index, name, address: address.text, sequence, outcome });
    if (target.sent >= this.#settings.count && target.inFlight === 0) this.#close(target);
  }
}
