import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./until.ts";

const WINDOW_MILLISECONDS = 200;
/** A thread that spins takes the whole window, one that sleeps next to nothing. */
const MOST_BUSY = 0.5;

/**
 * Waits until this process, whose main thread has nothing to do, sleeps most of the time.
 *
 * @throws when some thread of it spins all the while.
 */
export async function untilAsleep(deadlineSeconds: number): Promise<void> {
  await until(
    async () => {
      const before = process.cpuUsage();
      await sleep(WINDOW_MILLISECONDS);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000 < MOST_BUSY * WINDOW_MILLISECONDS;
    },
    { deadlineSeconds, what: "the threads of this process to sleep" },
  );
}
