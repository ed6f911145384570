import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { MAIN } from "../by-hand.ts";

const START_LIMIT_SECONDS = 30;
const STOP_LIMIT_SECONDS = 15;
const REQUEST_LIMIT_SECONDS = 20;
const MAX_STDERR_CHARACTERS = 100_000;

/** Ports that nothing else has: the programs run in a network of their own. */
const PORTS = { blackbox: 9_115, sounder: 10_707 } as const;
const PROGRAM = "prometheus-blackbox-exporter";

/** Runs what follows with a hosts file and a resolv.conf of its own; the process keeps its number. */
const WITH_NAMES = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"',
  "sh",
];

export type Answer = {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
};

export type Both<T> = { readonly theirs: T; readonly ours: T };

export type Question = {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
};

/** blackbox_exporter and the built agent, running with the same configuration file. */
export type Pair = {
  /** Asks both the same, or each its own, at the same time. */
  readonly ask: (question: Question | Both<Question>) => Promise<Both<Answer>>;
  /** What our agent has written. */
  readonly stderr: () => string;
  readonly stop: () => Promise<void>;
};

/** Why blackbox_exporter cannot be compared with here; undefined when it can. */
export function blackboxMissing(): string | undefined {
  if (spawnSync(PROGRAM, ["--version"]).error !== undefined) {
    return `Debian's package ${PROGRAM} is not installed`;
  }
  const mount = spawnSync("unshare", ["--mount", "true"], { encoding: "utf8" });
  if (mount.error !== undefined) return `the program unshare is missing: ${mount.error.message}`;
  return mount.status === 0 ? undefined : `needs root, for names of its own: ${mount.stderr}`;
}

/**
 * Starts both in the network namespace of the calling thread and waits until they answer.
 *
 * @param config Text of the file both read.
 * @param names Their hosts file and resolv.conf.
 */
export async function startPair(
  config: string,
  names: { readonly hosts: string; readonly resolvConf: string },
): Promise<Pair> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-parity-"));
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const configFile = file("blackbox.yml", config);
  const start = [...WITH_NAMES, file("hosts", names.hosts), file("resolv.conf", names.resolvConf)];
  const theirs = program([...start, PROGRAM], PORTS.blackbox, configFile);
  const ours = program([...start, process.execPath, MAIN], PORTS.sounder, configFile);
  const stop = async (): Promise<void> => {
    await Promise.all([theirs.stop(), ours.stop()]);
    rmSync(directory, { recursive: true });
  };
  try {
    await Promise.all([theirs.answers("/-/healthy"), ours.answers("/-/ready")]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ask: async (question) => {
      const each = "theirs" in question ? question : { theirs: question, ours: question };
      const [first, second] = await Promise.all([theirs.ask(each.theirs), ours.ask(each.ours)]);
      return { theirs: first, ours: second };
    },
    stderr: ours.stderr,
    stop,
  };
}

function program(words: readonly string[], port: number, configFile: string) {
  const [name = "", ...args] = words;
  const address = `127.0.0.1:${port}`;
  const flags = [`--config.file=${configFile}`, `--web.listen-address=${address}`];
  const child = spawn(name, [...args, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  let hasEnded = false;
  const ended = endOf(child).then(() => {
    hasEnded = true;
  });
  const ask = (question: Question): Promise<Answer> => askAt(port, question);
  return {
    ask,
    stderr: () => stderr,
    answers: (path: string): Promise<boolean> =>
      until(
        () => {
          if (hasEnded) throw new Error(`${words.at(-1)} ended early:\n${stderr}`);
          return ask({ path }).then(
            ({ status }) => status === 200,
            () => false,
          );
        },
        { deadlineSeconds: START_LIMIT_SECONDS, what: `${words.at(-1)} to answer` },
      ).then(() => true),
    stop: async (): Promise<void> => {
      child.kill("SIGTERM");
      const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
      await ended;
      clearTimeout(overdue);
    },
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
}

/** One connection per request: a kept one would hold up the end. The path goes out as it is written. */
function askAt(port: number, { path, headers = {}, method = "GET" }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000);
    const to = { host: "127.0.0.1", port, path, method, headers, agent: false, signal } as const;
    const request = httpRequest(to, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers["content-type"] ?? "",
          body,
        }),
      );
    });
    request.once("error", reject);
    request.end();
  });
}
