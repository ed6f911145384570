import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./agent-process.ts";
import { until } from "./until.ts";

/** The contract lets the agent be not ready for 10 s; a loaded machine gets more. */
const READY_LIMIT_SECONDS = 30;
const STOP_LIMIT_SECONDS = 15;
const REQUEST_LIMIT_SECONDS = 20;

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));

/** Nobody's user and group on every Linux. */
export const NOBODY = 65_534;

const ORDINARY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--inh-caps=-all"];

/** Whose rights a program gets; each is the beginning of a command line. */
export const USERS = {
  /** All that the test has. */
  root: [],
  /** No capability, but programs with capabilities of their own keep them. */
  ordinary: ["setpriv", ...ORDINARY, "--"],
  /** No capability, and none for anything that it starts: a container with `--cap-drop=ALL`. */
  bounded: ["setpriv", ...ORDINARY, "--bounding-set=-all", "--"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type UserName = keyof typeof USERS;

/** Whether a program ends well when this user runs it. @returns why not, as a test's `skip`; undefined when it does. */
export function cannotRun(user: UserName, command: readonly string[]): string | undefined {
  const [program = "", ...args] = [...USERS[user], ...command];
  const { error, status, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 10_000 });
  if (error !== undefined) return `${program} cannot be started: ${error.message}`;
  return status === 0 ? undefined : `${command.join(" ")} ended with ${status}: ${stderr.trim()}`;
}

/** The built command line, run by this user. */
export function sounderAs(user: UserName, ...argv: readonly string[]): readonly string[] {
  return [...USERS[user], process.execPath, MAIN, ...argv];
}

export type UsersAgent = {
  readonly stderr: () => string;
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: string }>;
};

/**
 * Runs the built agent as a user while a test looks at it, and ends it afterwards. It is ready then, or has said that it
 * cannot be, for want of ICMP.
 *
 * @param config The text of `sounder.yml`.
 * @returns the code it ended with when it was told to.
 */
export async function withAgentOf(
  user: UserName,
  config: string,
  look: (agent: UsersAgent) => Promise<void>,
): Promise<number | null> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-test-"));
  // Another user reads it.
  chmodSync(directory, 0o755);
  const file = join(directory, "sounder.yml");
  writeFileSync(file, config);
  const address = `127.0.0.1:${await freePort()}`;
  const [program = "", ...args] = sounderAs(
    user,
    `--config.file=${file}`,
    `--web.listen-address=${address}`,
  );
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: "/" });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  let hasEnded = false;
  const noteEnd = (): void => {
    hasEnded = true;
  };
  exited.then(noteEnd, noteEnd);
  const get: UsersAgent["get"] = async (path) => {
    const response = await fetch(`http://${address}${path}`, {
      // A kept connection would hold up the agent's stop.
      headers: { connection: "close" },
      signal: AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000),
    });
    return { status: response.status, body: await response.text() };
  };
  try {
    await until(
      () => {
        if (hasEnded) throw new Error(`the agent ended early:\n${stderr}`);
        return get("/-/ready").then(
          ({ status, body }) => status === 200 || body.includes("ICMP cannot be measured"),
          () => false,
        );
      },
      { deadlineSeconds: READY_LIMIT_SECONDS, what: `the agent of ${user} to be ready` },
    );
    await look({ stderr: () => stderr, get });
  } finally {
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    await exited.finally(() => clearTimeout(overdue));
    rmSync(directory, { recursive: true, force: true });
  }
  return exited;
}
