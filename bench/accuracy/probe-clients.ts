import { setMaxListeners } from "node:events";
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const REQUEST_LIMIT_SECONDS = 10;

/** Asks `/probe` from `start` until `stop`. */
export type ProbeClients = {
  /** @returns how many answers came, and how many requests failed. */
  readonly stop: () => Promise<ProbeTally>;
};

export type ProbeTally = { readonly answers: number; readonly failures: number };

/**
 * Clients that ask a list of URLs in turn, each its next when its last has answered.
 *
 * @param options.roundSeconds The shortest time of one turn through the list, its requests evenly spread.
 * @param options.onAnswer Told the body of every 200.
 */
export function startProbeClients(options: {
  readonly urls: readonly string[];
  readonly clients: number;
  readonly roundSeconds: number;
  readonly onAnswer?: (body: string) => void;
}): ProbeClients {
  const { urls, clients, roundSeconds, onAnswer } = options;
  const stopping = new AbortController();
  // Each client waits for its turn or for an answer, and both hear of the end.
  setMaxListeners(2 * clients, stopping.signal);
  const connections = new Agent({ keepAlive: true, maxSockets: clients });
  const tally = { answers: 0, failures: 0 };
  const startMilliseconds = performance.now();
  const gapMilliseconds = (roundSeconds * 1000) / urls.length;
  let turn = 0;

  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const mine = turn;
      turn += 1;
      const waitMilliseconds = startMilliseconds + mine * gapMilliseconds - performance.now();
      try {
        if (waitMilliseconds > 0) {
          await sleep(waitMilliseconds, undefined, { signal: stopping.signal });
        }
        const body = await bodyOf(urls[mine % urls.length] ?? "", connections, stopping.signal);
        tally.answers += 1;
        onAnswer?.(body);
      } catch {
        if (!stopping.signal.aborted) tally.failures += 1;
      }
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
      connections.destroy();
      return tally;
    },
  };
}

/** @throws unless it is a whole 200. */
function bodyOf(url: string, agent: Agent, stopping: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000)]);
    const request = get(url, { agent, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200 && response.complete) resolve(body);
        else reject(new Error(`the answer was ${response.statusCode}`));
      });
    });
    request.once("error", reject);
  });
}
