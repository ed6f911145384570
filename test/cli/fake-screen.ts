import type { Screen } from "../../src/cli/terminal.ts";

export type FakeScreen = Screen & {
  /** Everything written to standard output and to standard error. */
  readonly out: () => string;
  readonly err: () => string;
  /** What the terminal shows: its lines without trailing blanks, empty ones at the end left out. */
  readonly shown: () => string[];
  readonly isCursorShown: () => boolean;
  /** How often something was written to standard output. */
  readonly writes: () => number;
  readonly resize: (columns: number, rows: number) => void;
  readonly dropReader: () => void;
};

/** A control sequence or one character. */
const PARTS = new RegExp(`${String.fromCharCode(0x1b)}(\\[\\??\\d*[A-Za-z])|[^]`, "g");

/**
 * A terminal of the size given that understands the sequences a table needs (ECMA-48: CUU, EL, ED, CUP, and the
 * cursor's visibility), wraps long lines and scrolls. Anything else in it is an error, so that nothing slips through.
 */
export function fakeScreen(options: {
  readonly isTerminal: boolean;
  readonly columns?: number;
  readonly rows?: number;
}): FakeScreen {
  let { columns = 80, rows = 24 } = options;
  let out = "";
  let err = "";
  let writes = 0;
  let lines: string[] = [""];
  let row = 0;
  let column = 0;
  let isCursorShown = true;
  const resizeListeners = new Set<() => void>();
  const goneListeners = new Set<() => void>();

  const lineDown = (): void => {
    row += 1;
    if (row === rows) {
      lines.shift();
      row -= 1;
    }
    lines[row] ??= "";
  };
  const put = (character: string): void => {
    if (column === columns) {
      column = 0;
      lineDown();
    }
    const line = (lines[row] ?? "").padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  };
  const obey = (sequence: string): void => {
    const up = /^\[(\d+)A$/.exec(sequence)?.[1];
    if (up !== undefined) row = Math.max(row - Number(up), 0);
    else if (sequence === "[K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (sequence === "[J") {
      lines[row] = (lines[row] ?? "").slice(0, column);
      lines.length = row + 1;
    } else if (sequence === "[2J") lines = lines.map(() => "");
    else if (sequence === "[H") {
      row = 0;
      column = 0;
    } else if (sequence === "[?25l") isCursorShown = false;
    else if (sequence === "[?25h") isCursorShown = true;
    else throw new Error(`an unknown sequence: ${JSON.stringify(sequence)}`);
  };
  const write = (text: string): void => {
    for (const [part, sequence] of text.matchAll(PARTS)) {
      if (sequence !== undefined) obey(sequence);
      else if (part === "\n") {
        column = 0;
        lineDown();
      } else if (part === "\r") column = 0;
      else put(part);
    }
  };
  const listenTo = (listeners: Set<() => void>) => (callback: () => void) => {
    listeners.add(callback);
    return () => void listeners.delete(callback);
  };

  return {
    isTerminal: options.isTerminal,
    stdout: (text) => {
      writes += 1;
      out += text;
      if (options.isTerminal) write(text);
    },
    stderr: (text) => {
      err += text;
    },
    size: () => ({ columns, rows }),
    onResize: listenTo(resizeListeners),
    onReaderGone: listenTo(goneListeners),
    out: () => out,
    err: () => err,
    shown: () => {
      const trimmed = lines.map((line) => line.trimEnd());
      while (trimmed.at(-1) === "") trimmed.pop();
      return trimmed;
    },
    isCursorShown: () => isCursorShown,
    writes: () => writes,
    resize: (newColumns, newRows) => {
      columns = newColumns;
      rows = newRows;
      lines = lines.slice(-rows);
      row = Math.min(row, rows - 1);
      for (const listener of resizeListeners) listener();
    },
    dropReader: () => {
      for (const listener of goneListeners) listener();
    },
  };
}
