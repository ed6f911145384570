import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SoakCounts, SoakReport, SoakRequest } from "./messages.ts";

/** Streams are added and sockets opened within it even on a loaded machine. */
const START_LIMIT_SECONDS = 60;
/** The last echoes' deadlines, and the counts of tens of thousands of hosts. */
const FINISH_LIMIT_SECONDS = 60;

/** The process under test, in the network namespace of the thread that started it. */
export type EngineChild = {
  readonly processId: number;
  /** What it complained of so far. */
  readonly problems: () => readonly string[];
  readonly finish: () => Promise<SoakCounts>;
  /** Ends it at once, if it has not ended. */
  readonly kill: () => Promise<void>;
};

export async function startEngineChild(
  order: SoakRequest & { readonly kind: "start" },
): Promise<EngineChild> {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const file = fileURLToPath(new URL(`./engine-process.${ending}`, import.meta.url));
  const child = fork(file, { serialization: "advanced", execArgv: [] });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const problems: string[] = [];
  child.on("message", (report: SoakReport) => {
    if (report.kind === "failed") problems.push(report.problem);
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  try {
    await answerTo(child, order, "started", START_LIMIT_SECONDS);
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    processId: child.pid ?? 0,
    problems: () => problems,
    kill,
    finish: async () => {
      const counts = await answerTo(child, { kind: "finish" }, "finished", FINISH_LIMIT_SECONDS);
      child.disconnect();
      await ended;
      return counts;
    },
  };
}

/** @throws when it fails, ends or takes too long before the answer comes. */
function answerTo<Kind extends SoakReport["kind"]>(
  child: ChildProcess,
  request: SoakRequest,
  wanted: Kind,
  limitSeconds: number,
): Promise<SoakReport & { readonly kind: Kind }> {
  return new Promise((resolve, reject) => {
    const settle = (settling: () => void): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      settling();
    };
    const refuse = (why: string): void =>
      settle(() => reject(new Error(`The process under test ${why}`)));
    const onMessage = (report: SoakReport): void => {
      if (isKind(report, wanted)) settle(() => resolve(report));
      else if (report.kind === "failed") refuse(`failed: ${report.problem}`);
    };
    const onExit = (code: number | null): void => refuse(`ended with exit code ${code}`);
    const timer = setTimeout(
      () => refuse(`did not answer within ${limitSeconds} s`),
      limitSeconds * 1000,
    );
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(request);
  });
}

function isKind<Kind extends SoakReport["kind"]>(
  report: SoakReport,
  kind: Kind,
): report is SoakReport & { readonly kind: Kind } {
  return report.kind === kind;
}
