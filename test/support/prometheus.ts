import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./agent-process.ts";
import { until } from "./until.ts";

const START_LIMIT_SECONDS = 30;
const STOP_LIMIT_SECONDS = 10;
const REQUEST_LIMIT_SECONDS = 10;

/** Why Prometheus cannot run here; undefined when it can. */
export function prometheusMissing(): string | undefined {
  const found = spawnSync("prometheus", ["--version"]);
  return found.error === undefined ? undefined : "Debian's package prometheus is not installed";
}

/** One series of the answer to an instant query. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** A real Prometheus in the network namespace of the thread that started it. */
export type Prometheus = {
  readonly url: string;
  /** Instant query. @throws with Prometheus' own words, when the expression is wrong. */
  readonly query: (expression: string) => Promise<readonly Sample[]>;
  /** The one value of a query. @throws unless there is exactly one. */
  readonly value: (expression: string) => Promise<number>;
  readonly stop: () => Promise<void>;
};

/**
 * @param scrapeConfigs The `scrape_configs` section as YAML, two spaces deep.
 * @param flags Further flags of its command line.
 */
export async function startPrometheus(
  scrapeConfigs: string,
  flags: readonly string[] = [],
): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-prometheus-"));
  const file = join(directory, "prometheus.yml");
  writeFileSync(
    file,
    `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n${scrapeConfigs}`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    "prometheus",
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=warn",
      ...flags,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
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
  const url = `http://${address}`;
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    await exited;
    clearTimeout(overdue);
    rmSync(directory, { recursive: true, force: true });
  };
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const body = await httpGet(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    return samplesOf(expression, JSON.parse(body));
  };
  try {
    await until(
      async () => {
        if (hasExited) throw new Error(`Prometheus ended early:\n${stderr}`);
        return httpGet(`${url}/-/ready`).then(
          (text) => text.includes("Ready"),
          () => false,
        );
      },
      { deadlineSeconds: START_LIMIT_SECONDS, what: "Prometheus to be ready" },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    query,
    value: async (expression) => {
      const samples = await query(expression);
      const [only] = samples;
      if (only === undefined || samples.length > 1) {
        throw new Error(`${expression} gave ${samples.length} series, wanted one`);
      }
      return only.value;
    },
    stop,
  };
}

type QueryAnswer = {
  readonly status?: string;
  readonly error?: string;
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
};

function samplesOf(expression: string, answer: QueryAnswer): readonly Sample[] {
  if (answer.status !== "success") throw new Error(`${expression}: ${answer.error ?? "no answer"}`);
  return (answer.data?.result ?? []).map(({ metric, value }) => ({
    labels: metric,
    value: Number(value[1]),
  }));
}

function httpGet(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000);
    const request = get(url, { agent: false, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () => resolve(body));
    });
    request.once("error", reject);
  });
}
