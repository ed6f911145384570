import type { SetTimer } from "../../src/schedule/alarm.ts";
import { type FakeClock, fakeClock } from "./fake-clock.ts";

/** A clock and the timers that fire when it is moved past them. */
export type FakeTimers = {
  readonly clock: FakeClock;
  readonly setTimer: SetTimer;
  readonly timerCount: () => number;
  /** Moves time in one jump: a stall, if something was due on the way. */
  readonly jump: (seconds: number) => void;
  /** Moves time from timer to timer, each in time; what their callbacks began is done before the next one. */
  readonly run: (seconds: number) => Promise<void>;
};

export function fakeTimers(): FakeTimers {
  const clock = fakeClock();
  const timers = new Map<number, { readonly atSeconds: number; readonly callback: () => void }>();
  let lastId = 0;
  const fire = (): void => {
    for (const [id, { atSeconds, callback }] of timers) {
      if (atSeconds > clock.monotonicSeconds()) continue;
      timers.delete(id);
      callback();
    }
  };
  return {
    clock,
    setTimer: (callback, afterSeconds) => {
      lastId += 1;
      const id = lastId;
      timers.set(id, { atSeconds: clock.monotonicSeconds() + afterSeconds, callback });
      return () => timers.delete(id);
    },
    timerCount: () => timers.size,
    jump: (seconds) => {
      clock.advanceSeconds(seconds);
      fire();
    },
    run: async (seconds) => {
      const endSeconds = clock.monotonicSeconds() + seconds;
      for (;;) {
        // Promises that are settled already take their turn first.
        await new Promise(setImmediate);
        const next = Math.min(...[...timers.values()].map(({ atSeconds }) => atSeconds));
        if (!(next <= endSeconds)) break;
        clock.advanceSeconds(Math.max(next - clock.monotonicSeconds(), 0));
        fire();
      }
      clock.advanceSeconds(endSeconds - clock.monotonicSeconds());
    },
  };
}
