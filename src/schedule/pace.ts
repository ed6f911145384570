import { FailureWindow } from "./failure-window.ts";
import { nextDue } from "./interval.ts";

/** How a failing stream is probed in addition to its grid. Plain data. */
export type FastPaceSettings = {
  readonly intervalSeconds: number;
  /** Back to normal when the share of failed probes in the window is below this; above 0, at most 1. */
  readonly untilLoss: number;
  readonly windowSeconds: number;
};

/** A probe that ended by what its target did; one that the agent broke off shows nothing and is none. */
export type PaceEvent = {
  /** One of the grid, not an extra one of the fast pace. */
  readonly isGrid: boolean;
  readonly isFailed: boolean;
  /** Monotonic. */
  readonly atSeconds: number;
};

/** What the end of a probe does to the pace. */
export type PaceChange = "begins" | "ends" | "stays";

/**
 * The pace of one stream: normal, or fast while it fails.
 *
 * The fast pace begins at once after a failed probe of the grid. It ends when the loss window has passed since, and
 * the share of failed probes in the window, of the grid and extra ones, is below the limit. So a target that
 * comes and goes stays at the fast pace, and a single failure is looked at for one whole window.
 * It says nothing about the grid, whose due times are the timetable's and stay as they are.
 */
export class Pace {
  readonly #settings: FastPaceSettings;
  readonly #window: FailureWindow;
  #sinceSeconds: number | undefined;

  constructor(settings: FastPaceSettings) {
    this.#settings = settings;
    this.#window = new FailureWindow(settings.windowSeconds);
  }

  get isFast(): boolean {
    return this.#sinceSeconds !== undefined;
  }

  /** A probe ended. After "begins" the first extra probe is due now. */
  ended({ isGrid, isFailed, atSeconds }: PaceEvent): PaceChange {
    this.#window.add(isFailed, atSeconds);
    if (this.#sinceSeconds === undefined) {
      if (!isGrid || !isFailed) return "stays";
      this.#sinceSeconds = atSeconds;
      return "begins";
    }
    if (atSeconds - this.#sinceSeconds < this.#settings.windowSeconds) return "stays";
    if (this.#window.share(atSeconds) >= this.#settings.untilLoss) return "stays";
    this.#sinceSeconds = undefined;
    return "ends";
  }

  /**
   * When an extra probe is due next, later than `nowSeconds`: on a grid of its own from the beginning of the fast
   * pace on, so that what was missed is dropped. Undefined at the normal pace.
   */
  nextDueSeconds(nowSeconds: number): number | undefined {
    if (this.#sinceSeconds === undefined) return undefined;
    const { intervalSeconds } = this.#settings;
    const { dueSeconds } = nextDue(this.#sinceSeconds, intervalSeconds, nowSeconds);
    // Rounding may leave it at this very moment.
    return dueSeconds > nowSeconds ? dueSeconds : dueSeconds + intervalSeconds;
  }
}
