import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loopbackAddresses } from "./loopback.ts";
import type { Measurement } from "./measurement.ts";
import { endedChildrenCpuSeconds, peakBytesOf } from "./process-cost.ts";

/** `127.1.0.1 : xmt/rcv/%loss = 30/29/3%, min/avg/max = …`, one line a target, on standard error at the end. */
const SUMMARY = /: xmt\/rcv\/%loss = (\d+)\/(\d+)\//;

const PEAK_POLL_MILLISECONDS = 200;
/** It falls behind its own gap (measured: 0.24 ms a packet for a gap of 0.1 ms), so a round may take several seconds. */
const PATIENCE_FACTOR = 5;
const PATIENCE_SECONDS = 20;
/** Of lines that are no summary: what it complains of. */
const MAX_COMPLAINTS = 5;

/**
 * fping 5.1 has 65,535 sequence numbers for all targets together and uses none again within 10 s: with more than
 * 6,553 echoes a second it ends with "not enough sequence numbers available" (its src/seqmap.c).
 */
export const MAX_FPING_TARGETS = 6_000;

/**
 * Runs `fping -q -i GAP -p 1000 -c SECONDS`: one echo a second to every target.
 *
 * Its CPU is that of its whole life; naming and setting up thousands of addresses is a hundredth of it.
 *
 * @param run.gapMilliseconds Between two packets to any targets; 0 sends a burst once a second.
 * @throws when fping cannot be run or counts something else than was asked for.
 */
export async function measureFping(
  run: {
    readonly targets: number;
    readonly gapMilliseconds: number;
    readonly seconds: number;
  },
  stop: AbortSignal,
): Promise<Measurement> {
  stop.throwIfAborted();
  const flags = ["-q", "-i", String(run.gapMilliseconds), "-p", "1000", "-c", String(run.seconds)];
  const directory = mkdtempSync(join(tmpdir(), "sounder-bench-"));
  try {
    const file = join(directory, "targets");
    writeFileSync(file, `${loopbackAddresses(run.targets).join("\n")}\n`);
    const startSeconds = performance.now() / 1000;
    const startCpuSeconds = endedChildrenCpuSeconds();
    const { sent, received, peakBytes } = await summaryOf([...flags, "-f", file], run, stop);
    const cpuSeconds = endedChildrenCpuSeconds() - startCpuSeconds;
    return {
      who: `fping ${flags.join(" ")}`,
      targets: run.targets,
      echoesPerSecond: sent / (performance.now() / 1000 - startSeconds),
      echoes: sent,
      lost: sent - received,
      cpuSecondsPerEcho: cpuSeconds / sent,
      peakBytes,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function summaryOf(
  flags: readonly string[],
  run: { readonly targets: number; readonly seconds: number },
  stop: AbortSignal,
): Promise<{ readonly sent: number; readonly received: number; readonly peakBytes: number }> {
  const signal = AbortSignal.any([
    stop,
    AbortSignal.timeout((run.seconds * PATIENCE_FACTOR + PATIENCE_SECONDS) * 1000),
  ]);
  const child = spawn("fping", flags, { stdio: ["ignore", "ignore", "pipe"], signal });
  let peakBytes = Number.NaN;
  const poll = setInterval(() => {
    if (child.pid !== undefined) peakBytes = peakBytesOf(child.pid) ?? peakBytes;
  }, PEAK_POLL_MILLISECONDS);
  let summaries = 0;
  let sent = 0;
  let received = 0;
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    const [, sentText, receivedText] = SUMMARY.exec(line) ?? [];
    if (sentText === undefined) {
      if (complaints.length < MAX_COMPLAINTS) complaints.push(line);
      return;
    }
    summaries += 1;
    sent += Number(sentText);
    received += Number(receivedText);
  });
  let fault: Error | undefined;
  child.once("error", (error) => {
    fault = error;
  });
  try {
    await new Promise<void>((resolve) => {
      // Exit code 1 only says that some targets did not answer.
      child.once("close", () => resolve());
    });
  } finally {
    clearInterval(poll);
  }
  stop.throwIfAborted();
  if (fault !== undefined) {
    const remedy =
      child.pid === undefined ? "install the Debian package fping" : "it took too long";
    throw new Error(`Cannot measure fping: ${remedy}`, { cause: fault });
  }
  if (summaries !== run.targets) {
    throw new Error(
      `Cannot measure fping: ${summaries} of ${run.targets} summaries came (${complaints.join("; ")})`,
    );
  }
  return { sent, received, peakBytes };
}
