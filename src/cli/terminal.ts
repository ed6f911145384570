/** Where a command writes; a test hands in its own. */
export type Terminal = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
};

/** A terminal that may be drawn on. */
export type Screen = Terminal & {
  /** Whether standard output is a terminal; else it is a pipe or a file, and gets plain lines. */
  readonly isTerminal: boolean;
  /** In characters. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Calls back when the size has changed. @returns what takes that back. */
  readonly onResize: (callback: () => void) => () => void;
  /** Calls back when whoever reads standard output has gone (`| head`). @returns what takes that back. */
  readonly onReaderGone: (callback: () => void) => () => void;
};

/** Exit codes of every command. */
export const EXIT = { fine: 0, failed: 1, wrongUse: 2 } as const;

/** What a terminal is that does not tell its size (VT100). */
const DEFAULT_SIZE = { columns: 80, rows: 24 } as const;

export const terminal: Screen = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  size: () => ({
    columns: process.stdout.columns || DEFAULT_SIZE.columns,
    rows: process.stdout.rows || DEFAULT_SIZE.rows,
  }),
  onResize: (callback) => {
    process.stdout.on("resize", callback);
    return () => void process.stdout.off("resize", callback);
  },
  onReaderGone: (callback) => {
    let isWatching = true;
    // It stays for good: the last write may fail after everything else has ended.
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (isWatching) callback();
    });
    return () => {
      isWatching = false;
    };
  },
};
