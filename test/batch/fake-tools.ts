import { setImmediate as turn } from "node:timers/promises";
import type { PingTools } from "../../src/batch/ping-run.ts";
import type { EchoOutcome } from "../../src/icmp/echo.ts";
import type { Resolution } from "../../src/resolve/resolution.ts";
import { parseAddress } from "../../src/runtime/address.ts";

/** What a host of the fake engine does with its n-th echo, from 1. */
export type HostScript = (
  echo: number,
) => EchoOutcome | { readonly kind: "refused"; readonly detail: string };

export const answers =
  (rttSeconds: number): HostScript =>
  () => ({ kind: "answered", rttSeconds, hopLimit: 64 });
export const silent: HostScript = () => ({ kind: "lost", explanation: undefined });

export type FakeTools = PingTools & {
  /** Every echo handed to the engine, in order. */
  readonly sent: readonly { readonly address: string; readonly atSeconds: number }[];
  readonly mostInFlight: () => number;
  /** Timers and echoes that nobody has ended. */
  readonly pending: () => number;
  /** What the engine was last asked to send with. */
  readonly lastOrder: () => unknown;
  /** The engine ends by itself. */
  readonly breakEngine: (problem: string) => void;
  /** Lets virtual time pass until the promise has settled; then gives or throws what it holds. */
  readonly settle: <T>(promise: Promise<T>) => Promise<T>;
  readonly wallSeconds: () => number;
  /** Calls back when virtual time has come so far. */
  readonly at: (seconds: number, callback: () => void) => void;
};

const NEVER_SETTLES_TURNS = 3;

/**
 * An engine, a resolver and a clock in virtual time, in which a day passes at once.
 *
 * @param hosts Scripts by address. @param names Addresses by name; the rest does not exist.
 */
export function fakeTools(options: {
  readonly hosts: ReadonlyMap<string, HostScript>;
  readonly names?: ReadonlyMap<string, readonly string[]>;
  readonly wish?: PingTools["wish"];
}): FakeTools {
  let now = 0;
  let order = 0;
  const timers = new Map<number, { readonly atSeconds: number; readonly callback: () => void }>();
  const sent: { address: string; atSeconds: number }[] = [];
  const counts = new Map<string, number>();
  const inFlight = new Map<number, (error: Error) => void>();
  let most = 0;
  let lastOrder: unknown;
  let problem: string | undefined;

  const after = (seconds: number, callback: () => void): (() => void) => {
    order += 1;
    const number = order;
    timers.set(number, { atSeconds: now + seconds, callback });
    return () => void timers.delete(number);
  };
  const runEarliest = (): boolean => {
    let earliest: number | undefined;
    let atSeconds = Number.POSITIVE_INFINITY;
    for (const [number, timer] of timers) {
      if (timer.atSeconds >= atSeconds) continue;
      earliest = number;
      atSeconds = timer.atSeconds;
    }
    const timer = earliest === undefined ? undefined : timers.get(earliest);
    if (earliest === undefined || timer === undefined) return false;
    timers.delete(earliest);
    now = Math.max(now, timer.atSeconds);
    timer.callback();
    return true;
  };

  return {
    clock: { monotonicSeconds: () => now, wallSeconds: () => 1_700_000_000 + now },
    wallSeconds: () => 1_700_000_000 + now,
    after,
    at: (seconds, callback) => void after(seconds - now, callback),
    wish: options.wish ?? { only: undefined, preferred: "ipv4" },
    engine: {
      get state() {
        return problem === undefined ? "running" : "failed";
      },
      get problem() {
        return problem;
      },
      echo: (echoOrder) =>
        new Promise((resolve, reject) => {
          lastOrder = echoOrder;
          const { address, timeoutSeconds } = echoOrder;
          sent.push({ address, atSeconds: now });
          const count = (counts.get(address) ?? 0) + 1;
          counts.set(address, count);
          const outcome = options.hosts.get(address)?.(count) ?? silent(count);
          if (outcome.kind === "refused") {
            reject(new Error(outcome.detail));
            return;
          }
          const number = sent.length;
          inFlight.set(number, reject);
          most = Math.max(most, inFlight.size);
          after(outcome.kind === "answered" ? outcome.rttSeconds : timeoutSeconds, () => {
            inFlight.delete(number);
            resolve(outcome);
          });
        }),
    },
    resolve: async (name, signal): Promise<Resolution> => {
      signal.throwIfAborted();
      const literal = parseAddress(name);
      const texts = literal === undefined ? options.names?.get(name) : [literal.text];
      const addresses = (texts ?? []).flatMap((text) => parseAddress(text) ?? []);
      if (addresses.length > 0)
        return { kind: "resolved", addresses, ttlSeconds: 5, isStale: false };
      return { kind: "failed", reason: "dns_nxdomain", detail: `"${name}" does not exist` };
    },
    sent,
    mostInFlight: () => most,
    pending: () => timers.size,
    lastOrder: () => lastOrder,
    breakEngine: (sentence) => {
      problem = sentence;
      for (const reject of inFlight.values()) reject(new Error(sentence));
      inFlight.clear();
    },
    settle: async (promise) => {
      let isSettled = false;
      const noted = promise.finally(() => {
        isSettled = true;
      });
      noted.catch(() => {});
      for (let idleTurns = 0; ; ) {
        await turn();
        if (isSettled) break;
        idleTurns = runEarliest() ? 0 : idleTurns + 1;
        if (idleTurns > NEVER_SETTLES_TURNS) {
          throw new Error("nothing is planned any more, and still it has not settled");
        }
      }
      return noted;
    },
  };
}
