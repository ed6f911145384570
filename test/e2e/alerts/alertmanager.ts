import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/agent-process.ts";
import { until } from "../../support/until.ts";

const PROGRAM = "prometheus-alertmanager";
const START_LIMIT_SECONDS = 30;
const STOP_LIMIT_SECONDS = 10;
const REQUEST_LIMIT_SECONDS = 10;

/** Why Alertmanager cannot run here; undefined when it can. */
export function alertmanagerMissing(): string | undefined {
  return spawnSync(PROGRAM, ["--version"]).error === undefined
    ? undefined
    : `Debian's package ${PROGRAM} is not installed`;
}

/** An alert as Alertmanager holds it. */
export type HeldAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: {
    readonly state: "active" | "suppressed" | "unprocessed";
    readonly inhibitedBy: readonly string[];
  };
};

/** A real Alertmanager in the network namespace of the thread that started it, alone in its cluster. */
export type Alertmanager = {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly alerts: () => Promise<readonly HeldAlert[]>;
  readonly stop: () => Promise<void>;
};

/** @param config The text of `alertmanager.yml`. */
export async function startAlertmanager(config: string): Promise<Alertmanager> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-alertmanager-"));
  const file = join(directory, "alertmanager.yml");
  writeFileSync(file, config);
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [
    `--config.file=${file}`,
    `--storage.path=${join(directory, "data")}`,
    `--web.listen-address=${address}`,
    "--cluster.listen-address=",
    "--log.level=warn",
  ];
  const child = spawn(PROGRAM, flags, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-100_000);
  });
  let hasExited = false;
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => {
      hasExited = true;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    await exited;
    clearTimeout(overdue);
    rmSync(directory, { recursive: true, force: true });
  };
  const ask = async (path: string): Promise<Response> =>
    fetch(`http://${address}${path}`, {
      signal: AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000),
      // A kept connection would hold up the end of the test.
      headers: { connection: "close" },
    });
  try {
    await until(
      async () => {
        if (hasExited) throw new Error(`Alertmanager ended early:\n${stderr}`);
        return ask("/-/ready").then(
          ({ ok }) => ok,
          () => false,
        );
      },
      { deadlineSeconds: START_LIMIT_SECONDS, what: "Alertmanager to be ready" },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address,
    alerts: async () => (await (await ask("/api/v2/alerts")).json()) as readonly HeldAlert[],
    stop,
  };
}
