import type { Clock } from "../runtime/clock.ts";
import type { PingBoard } from "./ping-board.ts";
import { tableLines } from "./ping-table.ts";
import type { Screen } from "./terminal.ts";

/** People read no faster, and a terminal over a slow line takes no more. */
const MIN_REDRAW_SECONDS = 0.1;

const ESCAPE = "\u001b[";
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;
const CLEAR_TO_LINE_END = `${ESCAPE}K`;
const CLEAR_BELOW = `${ESCAPE}J`;
const CLEAR_ALL = `${ESCAPE}2J${ESCAPE}H`;

/**
 * The table of all hosts, drawn over itself on a terminal at most ten times a second (ECMA-48 sequences).
 *
 * It never fills the whole screen: a table that scrolls cannot be drawn over. What does not fit is counted in its
 * last line.
 */
export class LiveTable {
  readonly #board: PingBoard;
  readonly #screen: Screen;
  readonly #clock: Pick<Clock, "monotonicSeconds">;
  readonly #after: (seconds: number, callback: () => void) => () => void;
  readonly #stopWatching: () => void;
  #drawnLines = 0;
  #drawnAtSeconds = Number.NEGATIVE_INFINITY;
  #isPlanned = false;
  #cancel: () => void = () => {};

  constructor(options: {
    readonly board: PingBoard;
    readonly screen: Screen;
    readonly clock: Pick<Clock, "monotonicSeconds">;
    readonly after: (seconds: number, callback: () => void) => () => void;
  }) {
    this.#board = options.board;
    this.#screen = options.screen;
    this.#clock = options.clock;
    this.#after = options.after;
    this.#stopWatching = options.screen.onResize(() => {
      // The terminal has wrapped the lines anew: where they now stand cannot be known.
      this.#screen.stdout(CLEAR_ALL);
      this.#drawnLines = 0;
      this.changed();
    });
    this.#screen.stdout(HIDE_CURSOR);
    this.changed();
  }

  /** Something is different: it is drawn soon. */
  changed(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const sinceSeconds = this.#clock.monotonicSeconds() - this.#drawnAtSeconds;
    this.#cancel = this.#after(Math.max(MIN_REDRAW_SECONDS - sinceSeconds, 0), () => {
      this.#isPlanned = false;
      this.#drawnAtSeconds = this.#clock.monotonicSeconds();
      this.#draw();
    });
  }

  #draw(): void {
    const lines = this.#lines();
    const text = lines.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join("");
    this.#screen.stdout(`${this.#home()}${text}${CLEAR_BELOW}`);
    this.#drawnLines = lines.length;
  }

  #home(): string {
    return this.#drawnLines === 0 ? "" : `${ESCAPE}${this.#drawnLines}A\r`;
  }

  #lines(): string[] {
    const { columns, rows } = this.#screen.size();
    // The last column stays free: some terminals wrap when it is written. Titles, last line and cursor take three.
    const width = Math.max(columns - 1, 1);
    const most = Math.max(rows - 3, 1);
    const shown = this.#board.rows(most);
    const hidden = this.#board.size - shown.length;
    const more = hidden > 0 ? `… and ${hidden} more, all in the summary. ` : "";
    const footer = `${more}Times in ms. Ctrl-C ends.`;
    return [...tableLines(shown, { columns: width, hasLast: true }), footer.slice(0, width)];
  }

  /** Takes the table from the screen; what follows is written in its place. */
  close(): void {
    this.#cancel();
    this.#stopWatching();
    this.#screen.stdout(`${this.#home()}${CLEAR_BELOW}${SHOW_CURSOR}`);
    this.#drawnLines = 0;
  }
}
