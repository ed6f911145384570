import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../test/support/agent-process.ts";

/** smokeping_prober listens only when all its targets are started. */
const READY_LIMIT_SECONDS = 180;
const REQUEST_LIMIT_SECONDS = 20;
const POLL_SECONDS = 0.2;

/** A program of the Prometheus family, with a configuration file of its own. */
export type PeerProcess = {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly scrape: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a program with `--config.file` and `--web.listen-address` and waits until it answers.
 *
 * @param program Also the name of its Debian package.
 */
export async function startPeer(
  program: string,
  config: string,
  stop: AbortSignal,
): Promise<PeerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-bench-"));
  const configFile = join(directory, "config.yml");
  writeFileSync(configFile, config);
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${configFile}`, `--web.listen-address=${address}`];
  const child = spawn(program, flags, { stdio: "ignore" });
  const ended = endOf(child);
  const url = `http://${address}`;
  const end = async (): Promise<void> => {
    // It stores nothing, and under load it takes long to notice a polite signal.
    child.kill("SIGKILL");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await startOf(child, program);
    await answerOf(`${url}/metrics`, child, program, stop);
  } catch (error) {
    await end();
    throw error;
  }
  return { url, scrape: () => scrape(`${url}/metrics`, stop), stop: end };
}

function startOf(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", (cause) =>
      reject(new Error(`Cannot measure ${program}: install the Debian package`, { cause })),
    );
  });
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
}

async function answerOf(
  url: string,
  child: ChildProcess,
  program: string,
  stop: AbortSignal,
): Promise<void> {
  const deadlineSeconds = performance.now() / 1000 + READY_LIMIT_SECONDS;
  for (;;) {
    try {
      await scrape(url, stop);
      return;
    } catch (cause) {
      stop.throwIfAborted();
      if (child.exitCode !== null || performance.now() / 1000 > deadlineSeconds) {
        throw new Error(`Cannot measure ${program}: it does not answer`, { cause });
      }
    }
    await sleep(POLL_SECONDS * 1000, undefined, { signal: stop });
  }
}

async function scrape(url: string, stop: AbortSignal): Promise<string> {
  const limit = AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000);
  const response = await fetch(url, { signal: AbortSignal.any([stop, limit]) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
