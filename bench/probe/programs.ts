import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/support/agent-process.ts";
import { until } from "../../test/support/until.ts";

const START_LIMIT_SECONDS = 30;
const STOP_LIMIT_SECONDS = 10;
const MAX_STDERR_CHARACTERS = 100_000;

/** One of the two that answer `/probe`. */
export type Program = {
  readonly who: "blackbox_exporter" | "sounder";
  readonly port: number;
  readonly processId: number;
  readonly stop: () => Promise<void>;
};

export function startBlackboxExporter(config: string): Promise<Program> {
  return start("blackbox_exporter", ["prometheus-blackbox-exporter"], config);
}

/** @param nodeFlags Further flags of Node, as for a profile. */
export function startSounder(config: string, nodeFlags: readonly string[] = []): Promise<Program> {
  const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));
  // What a user starts has the flags in the entry's first line, and so has what is measured.
  const [shebang = ""] = readFileSync(main, "utf8").split("\n", 1);
  const own = shebang.split(" ").filter((word) => word.startsWith("--"));
  return start("sounder", [process.execPath, ...own, ...nodeFlags, main], config);
}

async function start(
  who: Program["who"],
  words: readonly string[],
  config: string,
): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-bench-"));
  const configFile = join(directory, "config.yml");
  writeFileSync(configFile, config);
  const port = await freePort();
  const [program = "", ...args] = words;
  const flags = [`--config.file=${configFile}`, `--web.listen-address=127.0.0.1:${port}`];
  const child = spawn(program, [...args, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  const ended = endOf(child);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    await ended;
    clearTimeout(overdue);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await until(
      () => {
        if (child.exitCode !== null || child.pid === undefined) {
          throw new Error(`Cannot measure ${who}: it does not start:\n${stderr}`);
        }
        return answers(port);
      },
      { deadlineSeconds: START_LIMIT_SECONDS, what: `${who} to answer` },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { who, port, processId: child.pid ?? 0, stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/-/healthy", agent: false });
    asked.once("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
}
