import { spawn } from "node:child_process";
import { type FarNetwork, farAddresses } from "../far-network.ts";
import { startCapture } from "./capture.ts";
import { type Outcome, reportedFigures, wireFigures } from "./outcome.ts";

/** Its packets are spread over the second, as ours are; less than this it does not keep anyway. */
const MIN_GAP_MILLISECONDS = 0.1;
const PATIENCE_FACTOR = 5;
const PATIENCE_SECONDS = 20;
const MAX_OUTPUT_CHARACTERS = 64 * 2 ** 20;

/** Runs `fping -C SECONDS -p 1000`, which prints every round-trip time in steps of 1 µs. */
export async function measureFping(
  run: { readonly network: FarNetwork; readonly targets: number; readonly seconds: number },
  stop: AbortSignal,
): Promise<Outcome> {
  stop.throwIfAborted();
  const addresses = farAddresses(run.targets);
  const capture = await startCapture(run.network);
  try {
    const gap = Math.max(Math.floor(10_000 / run.targets) / 10, MIN_GAP_MILLISECONDS);
    const flags = ["-q", "-C", String(run.seconds), "-p", "1000", "-i", String(gap)];
    const text = await outputOf(flags, addresses, run.seconds, stop);
    const truth = await capture.stop(addresses);
    const { rttSeconds, unanswered } = resultsOf(text, run.targets);
    return {
      who: "fping",
      condition: "idle",
      targets: run.targets,
      wire: wireFigures(truth),
      reported: reportedFigures(rttSeconds, unanswered),
    };
  } finally {
    await capture.discard();
  }
}

function outputOf(
  flags: readonly string[],
  addresses: readonly string[],
  seconds: number,
  stop: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.timeout((seconds * PATIENCE_FACTOR + PATIENCE_SECONDS) * 1000);
  const child = spawn("fping", flags, {
    stdio: ["pipe", "ignore", "pipe"],
    signal: AbortSignal.any([stop, limit]),
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(-MAX_OUTPUT_CHARACTERS);
  });
  // Without names on its command line it reads them from here.
  child.stdin.end(addresses.join("\n"));
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new Error("Cannot measure fping: install the Debian package fping, or give it more time", {
          cause,
        }),
      ),
    );
    child.once("close", () => resolve(text));
  });
}

/** `10.88.0.1 : 0.009 - 0.012`, in milliseconds, one line a target. */
function resultsOf(
  text: string,
  targets: number,
): { readonly rttSeconds: readonly number[]; readonly unanswered: number } {
  const rttSeconds: number[] = [];
  let unanswered = 0;
  let lines = 0;
  for (const [, results = ""] of text.matchAll(/^10\.\S+\s*: ([-\d. ]+)$/gm)) {
    lines += 1;
    for (const result of results.trim().split(" ")) {
      if (result === "-") unanswered += 1;
      else rttSeconds.push(Number(result) / 1000);
    }
  }
  if (lines !== targets) {
    throw new Error(`Cannot measure fping: ${lines} of ${targets} lines came: ${text.slice(-200)}`);
  }
  return { rttSeconds, unanswered };
}
