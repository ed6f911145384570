/**
 * The engine for a long time, with targets that come and go: `npm run bench:soak`.
 *
 * Four fifths of the targets are answered by the kernel of a second network namespace, the others by the net lab,
 * a fifth of them flapping. Prints a table and the goals, and exits with 1 when one is missed. Nothing leaves the
 * machine. Needs root. `--seconds=N` and `--targets=N` make it shorter and smaller.
 */

import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { canRunLab } from "../test/netlab/can-run.ts";
import { goalLines, isMet } from "./goal.ts";
import { runSoak, type Sample, type SoakResult, type SoakRun } from "./soak/soak-run.ts";
import { complaintLines, lossesOf, soakGoals, sum } from "./soak/verdict.ts";
import { figure, tableLines } from "./table.ts";

const SECONDS_OF_RECORD = 600;
const TARGETS_OF_RECORD = 20_000;
const MAX_WARM_UP_SECONDS = 60;
const MAX_GROWTH = 0.05;
const TELL_EVERY_SECONDS = 30;

async function main(): Promise<number> {
  const run = runOf(process.argv.slice(2));
  if (run === undefined) {
    console.error(
      "Usage: node dist/bench/soak.js [--seconds=N] [--targets=N], N from 30 to 86400 and from 100 to 30000",
    );
    return 2;
  }
  const obstacle = await canRunLab();
  if (obstacle !== undefined) {
    console.error(`Cannot soak: ${obstacle}`);
    return 1;
  }
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort(new Error("stopped by a signal"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);

  console.log(heading(run).join("\n"));
  const result = await runSoak(run, stopping.signal, tell);
  const goals = soakGoals(result, MAX_GROWTH);
  console.log(["", ...resultLines(result), "", ...goalLines(goals)].join("\n"));
  for (const line of complaintLines(result)) console.log(line);
  const missed = goals.filter((goal) => !isMet(goal)).length;
  console.log(missed === 0 ? "\nEvery goal is met." : `\nGoals missed: ${missed}.`);
  return missed === 0 ? 0 : 1;
}

function runOf(argv: readonly string[]): SoakRun | undefined {
  const options = {
    seconds: { type: "string", default: String(SECONDS_OF_RECORD) },
    targets: { type: "string", default: String(TARGETS_OF_RECORD) },
  } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options });
    const seconds = Number(values.seconds);
    const targets = Number(values.targets);
    const isPossible =
      Number.isInteger(seconds) &&
      seconds >= 30 &&
      seconds <= 86_400 &&
      Number.isInteger(targets) &&
      targets >= 100 &&
      targets <= 30_000;
    if (!isPossible) return undefined;
    return { seconds, targets, warmUpSeconds: Math.min(MAX_WARM_UP_SECONDS, seconds / 3) };
  } catch {
    return undefined;
  }
}

function heading({ seconds, targets }: SoakRun): readonly string[] {
  const [cpu] = cpus();
  const lines = [
    `${figure(targets)} targets at one second for ${figure(seconds)} s, ${new Date().toISOString()}`,
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model ?? "CPU"}`,
  ];
  if (seconds !== SECONDS_OF_RECORD || targets !== TARGETS_OF_RECORD) {
    lines.push(
      `NOT THE RUN OF RECORD: that is ${figure(TARGETS_OF_RECORD)} targets, ${SECONDS_OF_RECORD} s`,
    );
  }
  return [...lines, ""];
}

function tell({ atSeconds, residentBytes, descriptors }: Sample): void {
  if (Math.floor(atSeconds) % TELL_EVERY_SECONDS !== 0) return;
  console.log(
    `${figure(atSeconds)} s: ${figure(residentBytes / 1e6, 1)} MB, ${descriptors} descriptors`,
  );
}

function resultLines(result: SoakResult): readonly string[] {
  const { counts, far, lab, labTotals } = result;
  const labCounts = lab.map(({ counts: own }) => own);
  const row = (who: string, hosts: typeof far): readonly string[] => [
    who,
    figure(hosts.length),
    figure(sum(hosts.map(({ echoes }) => echoes))),
    figure(sum(hosts.map(({ lost }) => lost))),
    figure(sum(hosts.map(({ lateReplies }) => lateReplies))),
    figure(lossesOf(hosts) - sum(hosts.map(({ lost }) => lost))),
  ];
  return [
    ...tableLines(
      [
        { title: "answered by", align: "left" },
        { title: "hosts", align: "right" },
        { title: "echoes", align: "right" },
        { title: "lost", align: "right" },
        { title: "late", align: "right" },
        { title: "suspect, unsent", align: "right" },
      ],
      [row("the far kernel", far), row("the lab", labCounts)],
    ),
    "",
    `The lab received ${figure(labTotals.received)}, answered ${figure(labTotals.packets.reply)}, was down for ${figure(labTotals.fates.down)}`,
    `Targets added ${figure(counts.changes.added)} times, removed ${figure(counts.changes.removed)} times; ${counts.scrapes} scrapes, the last of ${figure(counts.samples)} samples`,
    `Due times dropped ${figure(counts.missedTicks)}, stamps missing ${figure(counts.stampsMissing)}, foreign packets ${figure(counts.foreignPackets)}`,
  ];
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
