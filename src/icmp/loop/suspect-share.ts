import { AGENT_FAULTS, type AgentFault } from "../echo.ts";
import { LossWindow } from "./loss-window.ts";

/** The measurement is suspect while more than this share of what ended within this time is. */
const MAX_SUSPECT_SHARE = 0.05;
const SUSPECT_WINDOW_SECONDS = 60;

/** Row of all that ended; each cause has the row after it. */
const ALL = 0;

/** How much of what ended within the last minute is suspect, and for which causes. [hot] */
export class SuspectShare {
  readonly #window = new LossWindow();

  constructor() {
    this.#window.reserve(1 + AGENT_FAULTS.length);
    for (let row = ALL; row <= AGENT_FAULTS.length; row += 1) {
      this.#window.reset(row, SUSPECT_WINDOW_SECONDS);
    }
  }

  /** An echo ended, and the network or its target is the reason. */
  addSound(nowSeconds: number): void {
    this.#window.add(ALL, nowSeconds, false);
  }

  addSuspect(cause: AgentFault, nowSeconds: number): void {
    this.#window.add(ALL, nowSeconds, true);
    this.#window.add(1 + AGENT_FAULTS.indexOf(cause), nowSeconds, true);
  }

  /** The causes that make the measurement suspect now. */
  causes(nowSeconds: number): readonly AgentFault[] {
    if (!(this.#window.ratio(ALL, nowSeconds) > MAX_SUSPECT_SHARE)) return [];
    return AGENT_FAULTS.filter((_, at) => !Number.isNaN(this.#window.ratio(1 + at, nowSeconds)));
  }
}
