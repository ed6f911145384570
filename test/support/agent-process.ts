import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

/** The whole log of an agent under test; a runaway log is cut at its start. */
const MAX_STDERR_CHARACTERS = 1_000_000;
/** The contract lets the agent be not ready for 10 s; a loaded machine gets more. */
const READY_LIMIT_SECONDS = 30;
const STOP_LIMIT_SECONDS = 15;
const REQUEST_LIMIT_SECONDS = 10;

export type AgentExit = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
};

/** The built agent as a child process, in the network namespace of the thread that started it. */
export type AgentProcess = {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly processId: number;
  readonly configFile: string;
  /** Everything the agent has written to its standard error. */
  readonly stderr: () => string;
  readonly request: (path: string, init?: RequestOptions) => Promise<AgentResponse>;
  /** The text of `/metrics`. @throws unless the answer is a 200. */
  readonly scrape: () => Promise<string>;
  /** Ends the agent and removes its directory. A second call gives the same exit. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<AgentExit>;
};

type RequestOptions = { readonly headers?: Readonly<Record<string, string>> };
export type AgentResponse = { readonly status: number; readonly body: string };

/**
 * Starts the built agent with a configuration and waits until it is ready.
 *
 * @throws with the agent's own words, if it ends before it is ready.
 */
export async function startAgent(options: {
  /** The text of `sounder.yml`. */
  readonly config: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<AgentProcess> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-test-"));
  const configFile = join(directory, "sounder.yml");
  writeFileSync(configFile, options.config);
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));
  const flags = [`--config.file=${configFile}`, `--web.listen-address=${address}`];
  const words = [...nodeFlagsOf(main), main, ...flags, ...(options.flags ?? [])];
  const child = spawn(process.execPath, words, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...options.environment },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  const exited = exitOf(child).finally(() => rmSync(directory, { recursive: true, force: true }));
  let exit: AgentExit | Error | undefined;
  exited.then(
    (value) => {
      exit = value;
    },
    (error: unknown) => {
      exit = error instanceof Error ? error : new Error(String(error));
    },
  );

  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<AgentExit> => {
    child.kill(signal);
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    return exited.finally(() => clearTimeout(overdue));
  };
  const request = (path: string, init: RequestOptions = {}) => httpGet(`${url}${path}`, init);

  try {
    await until(
      async () => {
        if (exit !== undefined) throw new Error(`the agent ended early:\n${stderr}`);
        return request("/-/ready").then(
          ({ status }) => status === 200,
          () => false,
        );
      },
      { deadlineSeconds: READY_LIMIT_SECONDS, what: "the agent to be ready" },
    );
  } catch (error) {
    if (exit === undefined) await stop("SIGKILL");
    throw new Error(`${String(error)}\nIt said:\n${stderr}`);
  }
  return {
    url,
    processId: child.pid ?? 0,
    configFile,
    stderr: () => stderr,
    request,
    scrape: async () => {
      const { status, body } = await request("/metrics");
      if (status !== 200) throw new Error(`/metrics answered ${status}: ${body}`);
      return body;
    },
    stop,
  };
}

/** Node's flags in the first line of the entry: what a user starts has them, and so has what is tested and measured. */
function nodeFlagsOf(main: string): readonly string[] {
  const [shebang = ""] = readFileSync(main, "utf8").split("\n", 1);
  return shebang.split(" ").filter((word) => word.startsWith("--"));
}

/** A port of 127.0.0.1 that nothing listens on now; another process may take it first. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

function exitOf(child: ChildProcess): Promise<AgentExit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    // `close` comes after the last of stderr, `exit` may come before it.
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/** One connection per request: a kept one would hold up the agent's stop and the test's end. */
function httpGet(url: string, { headers = {} }: RequestOptions): Promise<AgentResponse> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000);
    const request = get(url, { agent: false, headers, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.once("error", reject);
  });
}
