import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Child } from "./child.ts";
import { CLIENTS } from "./measure.ts";
import type { LoadOrder, LoadResult } from "./messages.ts";
import { startSounder } from "./programs.ts";

const SAMPLE_MICROSECONDS = 200;
const WARM_UP_SECONDS = 1;

/** What a piece of code is for, by the file it is in; the first that fits. */
const PARTS: readonly (readonly [part: string, file: RegExp])[] = [
  ["page", /\/src\/(?:report|metrics)\//],
  ["our routes", /\/src\/(?:server|agent|policy)/],
  ["express", /node_modules\/(?:express|router|send|qs|body-parser|parseurl|finalhandler)\//],
  ["parse", /undici|llhttp/],
  ["resolve", /\/src\/resolve\/|internal\/dns|node:dns/],
  ["prober", /\/src\/probe\//],
  ["icmp engine", /\/src\/icmp\/|koffi/],
  ["http server", /_http_|internal\/http|node:http/],
  ["message", /internal\/worker|worker_threads|internal\/per_context\/messageport|event_target/],
  ["sockets", /node:net|node:dgram|_tls_|node:tls|internal\/(?:stream_base|dgram|net|tls|crypto)/],
  ["streams", /stream/],
  ["promises, timers, events", /task_queues|timers|async_hooks|abort|node:events|process/],
  ["files", /node:fs|internal\/fs/],
  ["loop lag, log, clock", /\/src\/(?:runtime|schedule)\//],
];

/** Shares of the time a thread was not idle, by part, largest first. */
export type ThreadProfile = {
  readonly thread: string;
  readonly busySeconds: number;
  readonly parts: readonly (readonly [part: string, seconds: number])[];
};

export type Profile = { readonly answers: number; readonly threads: readonly ThreadProfile[] };

/** Runs the agent under V8's profiler and one load, and sums up where its threads were. */
export async function profileOf(
  options: { readonly config: string; readonly path: string; readonly seconds: number },
  clients: Child,
  stop: AbortSignal,
): Promise<Profile> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-profile-"));
  try {
    const agent = await startSounder(options.config, [
      "--cpu-prof",
      `--cpu-prof-dir=${directory}`,
      `--cpu-prof-interval=${SAMPLE_MICROSECONDS}`,
    ]);
    let answers = 0;
    let window: Window;
    try {
      const order: LoadOrder = {
        port: agent.port,
        path: options.path,
        clients: CLIENTS,
        seconds: options.seconds,
        perSecond: undefined,
      };
      await clients.ask<LoadResult>({ ...order, seconds: WARM_UP_SECONDS }, stop);
      const from = monotonicMicroseconds();
      ({ answers } = await clients.ask<LoadResult>(order, stop));
      window = { from, to: monotonicMicroseconds() };
    } finally {
      await agent.stop();
    }
    const threads = readdirSync(directory).map((name) =>
      threadProfile(JSON.parse(readFileSync(join(directory, name), "utf8")) as V8Profile, window),
    );
    return { answers, threads: threads.sort((a, b) => b.busySeconds - a.busySeconds) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Of the clock that V8 notes its samples by; what lies outside is start and end of the agent. */
type Window = { readonly from: number; readonly to: number };

function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

type V8Profile = {
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

function threadProfile(profile: V8Profile, window: Window): ThreadProfile {
  const { nodes, samples, timeDeltas } = profile;
  const seconds = new Map<number, number>();
  let time = profile.startTime;
  for (const [at, id] of samples.entries()) {
    // A delta is the time before its sample.
    time += timeDeltas[at] ?? 0;
    if (time < window.from || time > window.to) continue;
    seconds.set(id, (seconds.get(id) ?? 0) + (timeDeltas[at + 1] ?? 0) / 1e6);
  }
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const sums = new Map<string, number>();
  let busySeconds = 0;
  for (const [id, spent] of seconds) {
    const part = partOf(id, byId, parents);
    if (part === "idle") continue;
    busySeconds += spent;
    sums.set(part, (sums.get(part) ?? 0) + spent);
  }
  const urls = nodes.map(({ callFrame }) => callFrame.url);
  const parts = [...sums].sort(([, a], [, b]) => b - a);
  return { thread: threadName(urls), busySeconds, parts };
}

function threadName(urls: readonly string[]): string {
  if (urls.some((url) => url.includes("/src/main."))) return "main";
  if (urls.some((url) => url.includes("/src/probe/worker/worker."))) return "probe worker";
  return "icmp worker";
}

/** The echo worker has no message loop: it sleeps within a call, which the profiler takes for work. */
function isAsleep(functionName: string, url: string): boolean {
  return functionName === "poll" && url.includes("/src/icmp/transport/");
}

/** Native functions have no file: their time belongs to who called them. */
function partOf(
  id: number,
  nodes: ReadonlyMap<number, V8Profile["nodes"][number]>,
  parents: ReadonlyMap<number, number>,
): string {
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const { functionName = "", url = "" } = nodes.get(at)?.callFrame ?? {};
    if (functionName === "(idle)" || isAsleep(functionName, url)) return "idle";
    if (functionName === "(garbage collector)") return "garbage collection";
    if (functionName === "(program)" || functionName === "(root)") return "native and kernel";
    const part = PARTS.find(([, file]) => file.test(url))?.[0];
    if (part !== undefined) return part;
    if (url !== "") return "other";
  }
  return "other";
}
