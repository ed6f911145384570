import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/runtime/clock.ts";

const DEFAULT_EVERY_SECONDS = 0.02;

/**
 * Asks again and again until the condition gives something.
 *
 * @param condition Not yet is `undefined` or `false`. What it throws ends the waiting at once.
 * @param options.what Completes the sentence "waited 5 s for …".
 * @throws when the deadline passes first; the condition is asked once more after it, so a machine
 *   that stood still is no reason to fail.
 */
export async function until<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  options: {
    readonly deadlineSeconds: number;
    readonly what: string;
    /** How often to ask: seldom, where the asking itself is work. */
    readonly everySeconds?: number;
  },
): Promise<T> {
  const deadlineSeconds = systemClock.monotonicSeconds() + options.deadlineSeconds;
  for (;;) {
    const isOver = systemClock.monotonicSeconds() >= deadlineSeconds;
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (isOver) throw new Error(`waited ${options.deadlineSeconds} s for ${options.what}`);
    await sleep((options.everySeconds ?? DEFAULT_EVERY_SECONDS) * 1000);
  }
}
