/** Where a command writes; a test hands in its own. */
export type Terminal = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
};

/** Exit codes of every command. */
export const EXIT = { fine: 0, failed: 1, wrongUse: 2 } as const;

export const terminal: Terminal = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
};
