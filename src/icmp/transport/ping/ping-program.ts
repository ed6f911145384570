import type { ProgramOutput, RunProgram } from "./ping-process.ts";

/** Whose `ping` it is: they take other flags and use other words. */
export type PingKind = "iputils" | "busybox";

export type PingProgram = {
  /** A path, or a name to be looked for in the PATH. */
  readonly path: string;
  readonly kind: PingKind;
};

export type FoundPing =
  | { readonly kind: "found"; readonly program: PingProgram }
  | { readonly kind: "absent"; readonly reason: string };

/** It only prints its version; a machine that stands still gets more. */
const LIMIT_SECONDS = 5;
/** Longest text quoted from the program. */
const MAX_QUOTED_CHARACTERS = 120;

/**
 * Finds out which `ping` this machine has. Nothing is sent.
 *
 * iputils tells its version by `-V`, which BusyBox refuses with its usage. BusyBox can be built with a `ping` that
 * takes no flags; its usage does not name them.
 *
 * @param path Another name or path than `ping`.
 * @returns `absent` with a reason when there is none, it may not be started, or it is somebody else's.
 */
export async function findPingProgram(run: RunProgram, path = "ping"): Promise<FoundPing> {
  const output = await ended(run, path, ["-V"]);
  const { end } = output;
  if (end?.kind === "failed") return { kind: "absent", reason: failure(path, end.code) };
  if (/\biputils\b/.test(output.stdout)) return found(path, "iputils");
  const said = `${output.stdout}\n${output.stderr}`;
  if (/^BusyBox v/m.test(said)) {
    if (/^\s*-W SEC/m.test(said) && /^\s*-I /m.test(said)) return found(path, "busybox");
    return { kind: "absent", reason: `the ${path} of this BusyBox is built without its flags` };
  }
  const first = said.trim().split("\n", 1)[0]?.slice(0, MAX_QUOTED_CHARACTERS) ?? "";
  const seen = first === "" ? "nothing" : `"${first}"`;
  return {
    kind: "absent",
    reason: `the program ${path} is neither of iputils nor of BusyBox: asked for its version, it said ${seen}`,
  };
}

function found(path: string, kind: PingKind): FoundPing {
  return { kind: "found", program: { path, kind } };
}

function failure(path: string, code: string): string {
  if (code === "ENOENT") return `there is no program ${path} in the PATH`;
  // File capabilities beyond the bounding set: the kernel refuses to start it (capabilities(7)).
  return `the program ${path} may not be started here: ${code}`;
}

/** Runs a program to its end; a refusal to start it is an end as well. */
function ended(run: RunProgram, path: string, args: readonly string[]): Promise<ProgramOutput> {
  return new Promise((resolve) => {
    try {
      run(path, args, LIMIT_SECONDS, (output) => {
        if (output.end !== undefined) resolve(output);
      });
    } catch (error) {
      const end = { kind: "failed", code: refusalCode(error) } as const;
      resolve({ stdout: "", stderr: "", end });
    }
  });
}

/** The name of the error number with which starting a program failed. */
export function refusalCode(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : "EIO";
}
