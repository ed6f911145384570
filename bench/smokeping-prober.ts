import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../test/support/agent-process.ts";
import { sumOf } from "./counters.ts";
import { loopbackAddresses } from "./loopback.ts";
import type { Measurement } from "./measurement.ts";
import { cpuSecondsOf, peakBytesOf } from "./process-cost.ts";

const PROGRAM = "prometheus-smokeping-prober";
/** It listens only when all targets are started, and those started already take all of the CPU from the others. */
const READY_LIMIT_SECONDS = 180;
/** Idle it takes 2 s for an answer about 1,000 targets; it is not idle. */
const SCRAPE_LIMIT_SECONDS = 60;
const POLL_SECONDS = 0.2;

/**
 * Runs smokeping_prober with one echo a second to every target.
 *
 * @throws when it cannot be run or does not answer.
 */
export async function measureSmokepingProber(
  run: { readonly targets: number; readonly warmUpSeconds: number; readonly seconds: number },
  stop: AbortSignal,
): Promise<Measurement> {
  stop.throwIfAborted();
  const directory = mkdtempSync(join(tmpdir(), "sounder-bench-"));
  const configFile = join(directory, "smokeping_prober.yml");
  const hosts = loopbackAddresses(run.targets).map((address) => `      - ${address}`);
  writeFileSync(
    configFile,
    `targets:\n  - interval: 1s\n    network: ip4\n    protocol: icmp\n    hosts:\n${hosts.join("\n")}\n`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${configFile}`, `--web.listen-address=${address}`];
  const child = spawn(PROGRAM, flags, { stdio: "ignore" });
  const ended = endOf(child);
  try {
    const processId = await startOf(child);
    const url = `http://${address}/metrics`;
    await answerOf(url, child, stop);
    await sleep(run.warmUpSeconds * 1000, undefined, { signal: stop });
    // As with ours, both readings of the counters lie outside the CPU window.
    const before = await countersOf(url, stop);
    const startSeconds = performance.now() / 1000;
    const startCpuSeconds = cpuSecondsOf(processId);
    await sleep(run.seconds * 1000, undefined, { signal: stop });
    const cpuSeconds = cpuSecondsOf(processId) - startCpuSeconds;
    const windowSeconds = performance.now() / 1000 - startSeconds;
    const after = await countersOf(url, stop);
    const echoes = after.requests - before.requests;
    const echoesPerSecond = echoes / (after.takenAtSeconds - before.takenAtSeconds);
    return {
      who: "smokeping_prober",
      targets: run.targets,
      echoesPerSecond,
      echoes,
      // As many are in flight at both readings, or nearly.
      lost: Math.max(echoes - (after.responses - before.responses), 0),
      cpuSecondsPerEcho: cpuSeconds / windowSeconds / echoesPerSecond,
      peakBytes: peakBytesOf(processId) ?? Number.NaN,
    };
  } finally {
    // It stores nothing, and under load it takes long to notice a polite signal.
    child.kill("SIGKILL");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

function startOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child.pid ?? 0));
    child.once("error", (cause) =>
      reject(
        new Error(`Cannot measure smokeping_prober: install the Debian package ${PROGRAM}`, {
          cause,
        }),
      ),
    );
  });
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
}

async function answerOf(url: string, child: ChildProcess, stop: AbortSignal): Promise<void> {
  const deadlineSeconds = performance.now() / 1000 + READY_LIMIT_SECONDS;
  for (;;) {
    try {
      await scrape(url, stop);
      return;
    } catch (cause) {
      stop.throwIfAborted();
      if (child.exitCode !== null || performance.now() / 1000 > deadlineSeconds) {
        throw new Error("Cannot measure smokeping_prober: it does not answer", { cause });
      }
    }
    await sleep(POLL_SECONDS * 1000, undefined, { signal: stop });
  }
}

async function countersOf(
  url: string,
  stop: AbortSignal,
): Promise<{
  readonly takenAtSeconds: number;
  readonly requests: number;
  readonly responses: number;
}> {
  const takenAtSeconds = performance.now() / 1000;
  const text = await scrape(url, stop);
  return {
    takenAtSeconds,
    requests: sumOf(text, "smokeping_requests_total"),
    responses: sumOf(text, "smokeping_response_duration_seconds_count"),
  };
}

async function scrape(url: string, stop: AbortSignal): Promise<string> {
  const limit = AbortSignal.timeout(SCRAPE_LIMIT_SECONDS * 1000);
  const response = await fetch(url, { signal: AbortSignal.any([stop, limit]) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
