import type { Address } from "../runtime/address.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Answer } from "./question.ts";
import type { Resolution } from "./resolution.ts";

export type LookUp = (name: string, signal: AbortSignal) => Promise<Answer>;

/** Limits on how long an answer is kept, in seconds. */
export type TtlLimits = { readonly minTtlSeconds: number; readonly maxTtlSeconds: number };

/**
 * Names kept: ten times what one agent is built for in targets, at about 400 bytes each. Beyond it
 * the one not asked for longest goes: a target is asked for again and again, so what nobody asks
 * for is a target that is gone or a name somebody tried once.
 */
const MAX_NAMES = 100_000;
/** How old a last good answer may be and still be used. @see RFC 8767 section 5 (one to three days). */
const MAX_STALE_SECONDS = 86_400;

type Resolved = Extract<Resolution, { readonly kind: "resolved" }>;
type ResolvedAnswer = Extract<Answer, { readonly kind: "resolved" }>;

type Kept = {
  readonly resolution: Resolution;
  readonly untilSeconds: number;
  /** The last answer with addresses, to fall back on, and when all of it was new. */
  readonly good: { readonly addresses: readonly Address[]; readonly atSeconds: number } | undefined;
};

type Running = {
  readonly result: Promise<Resolution>;
  readonly controller: AbortController;
  waiters: number;
};

/**
 * Answers kept for their TTL, one look-up in flight for each name however many ask.
 *
 * When servers fail to answer, the last good answer stays in use and is marked as stale. That a name
 * does not exist or has no address is an answer, and replaces an older one (RFC 8767 section 4).
 * Failures are kept for `min_ttl`.
 */
export class Answers {
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  readonly #limits: TtlLimits;
  readonly #maxNames: number;

  constructor(options: {
    readonly clock: Clock;
    readonly lookUp: LookUp;
    readonly limits: TtlLimits;
    readonly maxNames?: number;
  }) {
    this.#clock = options.clock;
    this.#lookUp = options.lookUp;
    this.#limits = options.limits;
    this.#maxNames = options.maxNames ?? MAX_NAMES;
  }

  /**
   * @returns A resolution whose `ttlSeconds` is what is left of it.
   * @throws the reason of `signal` when it is aborted; the look-up goes on for others who wait.
   */
  async get(name: string, signal: AbortSignal): Promise<Resolution> {
    signal.throwIfAborted();
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      const leftSeconds = kept.untilSeconds - this.#clock.monotonicSeconds();
      if (leftSeconds > 0) {
        this.#keep(name, kept);
        return withTtl(kept.resolution, leftSeconds);
      }
    }
    return this.#join(name, this.#running.get(name) ?? this.#start(name), signal);
  }

  #start(name: string): Running {
    const controller = new AbortController();
    const finish = async (): Promise<Resolution> => {
      try {
        const answer = await this.#lookUp(name, controller.signal);
        const kept = this.#judge(answer, this.#kept.get(name));
        this.#keep(name, kept);
        return kept.resolution;
      } finally {
        if (this.#running.get(name) === running) this.#running.delete(name);
      }
    };
    const running: Running = { result: finish(), controller, waiters: 0 };
    // When everybody has left nobody hears of the cancelled look-up, which is as it should be.
    running.result.catch(() => {});
    this.#running.set(name, running);
    return running;
  }

  async #join(name: string, running: Running, signal: AbortSignal): Promise<Resolution> {
    running.waiters += 1;
    const { promise: left, reject: leave } = withRejecter();
    const onAbort = (): void => leave(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([running.result, left]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      running.waiters -= 1;
      if (running.waiters === 0 && signal.aborted && this.#running.get(name) === running) {
        this.#running.delete(name);
        running.controller.abort(signal.reason);
      }
    }
  }

  #judge(answer: Answer, before: Kept | undefined): Kept {
    const now = this.#clock.monotonicSeconds();
    const { minTtlSeconds } = this.#limits;
    const old = before?.good;
    const good = old !== undefined && now - old.atSeconds < MAX_STALE_SECONDS ? old : undefined;
    const untilSeconds = now + minTtlSeconds;

    if (answer.kind === "resolved") {
      const resolution = withinLimits(answer, this.#limits);
      const carried = (good?.addresses ?? []).filter(({ family }) =>
        answer.unknownFamilies.includes(family),
      );
      if (good !== undefined && carried.length > 0) {
        const addresses = [...answer.addresses, ...carried];
        return {
          resolution: { ...resolution, addresses, isStale: true },
          untilSeconds,
          good: { addresses, atSeconds: good.atSeconds },
        };
      }
      return {
        resolution,
        untilSeconds: now + resolution.ttlSeconds,
        good: { addresses: answer.addresses, atSeconds: now },
      };
    }

    const isAnswer = answer.reason === "dns_nxdomain" || answer.reason === "dns_no_address";
    if (isAnswer || good === undefined)
      return { resolution: answer, untilSeconds, good: undefined };
    const { addresses } = good;
    return {
      resolution: { kind: "resolved", addresses, ttlSeconds: minTtlSeconds, isStale: true },
      untilSeconds,
      good,
    };
  }

  /** Puts the name at the young end: a Map keeps the order in which keys were added. */
  #keep(name: string, kept: Kept): void {
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    if (this.#kept.size <= this.#maxNames) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}

/**
 * An answer as callers see it, its TTL within the limits. An answer that one family is missing from
 * is kept for the least time only.
 */
export function resolutionOf(answer: Answer, limits: TtlLimits): Resolution {
  return answer.kind === "resolved" ? withinLimits(answer, limits) : answer;
}

function withinLimits(answer: ResolvedAnswer, limits: TtlLimits): Resolved {
  const { minTtlSeconds, maxTtlSeconds } = limits;
  const isComplete = answer.unknownFamilies.length === 0;
  const ttlSeconds = isComplete ? Math.min(answer.ttlSeconds, maxTtlSeconds) : minTtlSeconds;
  return {
    kind: "resolved",
    addresses: answer.addresses,
    ttlSeconds: Math.max(ttlSeconds, minTtlSeconds),
    isStale: false,
  };
}

function withTtl(resolution: Resolution, ttlSeconds: number): Resolution {
  return resolution.kind === "resolved" ? { ...resolution, ttlSeconds } : resolution;
}

function withRejecter(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_resolve, rejecter) => {
    reject = rejecter;
  });
  return { promise, reject };
}
