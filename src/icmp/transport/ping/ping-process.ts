import { spawn } from "node:child_process";

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: "exited"; readonly code: number }
  /** By a signal that was not ours. */
  | { readonly kind: "signalled"; readonly signal: string }
  /** By us: its time was up, or nobody needs it any more. */
  | { readonly kind: "killed" }
  /** It was never started; `code` is the name of an error number such as `ENOENT`. */
  | { readonly kind: "failed"; readonly code: string };

/** What a program has written up to now, cut at `MAX_OUTPUT_CHARACTERS` each; `end` is undefined while it runs. */
export type ProgramOutput = {
  readonly stdout: string;
  readonly stderr: string;
  readonly end: ProgramEnd | undefined;
};

/** A program that was started. */
export type RunningProgram = { readonly kill: () => void };

/**
 * Starts a program.
 *
 * @param limitSeconds How long it may live.
 * @param onChange Told whenever it wrote something, and last when it ended; never before this returns.
 * @throws what the system says when it refuses, with its name in `code`; some refusals come as an end instead.
 */
export type RunProgram = (
  path: string,
  args: readonly string[],
  limitSeconds: number,
  onChange: (output: ProgramOutput) => void,
) => RunningProgram;

/** Twenty times what `ping` writes about one echo; a damaged reply is written out byte by byte, though. */
const MAX_OUTPUT_CHARACTERS = 4096;

/** Where programs are where no PATH says it: what execvp(3) would take, and the folders of administrators. */
const DEFAULT_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Starts a program without a shell and with an environment of two variables, so that its words are those of the C
 * locale. It is killed when its time is up: SIGKILL, because nothing of it needs tidying.
 */
export const runProgram: RunProgram = (path, args, limitSeconds, onChange) => {
  const child = spawn(path, args, {
    env: { PATH: process.env["PATH"] ?? DEFAULT_PATH, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const kill = (): boolean => child.kill("SIGKILL");
  // Not the `timeout` of spawn: it runs on when a program could not be started.
  const timer = setTimeout(kill, Math.ceil(limitSeconds * 1000));
  const written = { stdout: "", stderr: "" };
  let end: ProgramEnd | undefined;
  const finish = (how: ProgramEnd): void => {
    // A program that could not be started tells so twice: by an error, and by a close.
    if (end !== undefined) return;
    end = how;
    clearTimeout(timer);
    onChange({ ...written, end });
  };
  for (const stream of ["stdout", "stderr"] as const) {
    // One character a byte: no byte is lost, and none can break the decoder.
    child[stream].setEncoding("latin1");
    child[stream].on("data", (text: string) => {
      const room = MAX_OUTPUT_CHARACTERS - written[stream].length;
      if (room <= 0) return;
      written[stream] += text.slice(0, room);
      onChange({ ...written, end });
    });
  }
  child.on("error", (error: NodeJS.ErrnoException) => {
    // A running program that could not be killed ends by itself.
    if (child.pid === undefined) finish({ kind: "failed", code: error.code ?? "EIO" });
  });
  child.on("close", (code, signal) => {
    if (signal === null) finish({ kind: "exited", code: code ?? -1 });
    else finish(child.killed ? { kind: "killed" } : { kind: "signalled", signal });
  });
  return { kill };
};
