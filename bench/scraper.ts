import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const REQUEST_LIMIT_SECONDS = 10;

/** Scrapes from `start` until `stop`; what comes is counted and thrown away. */
export type Scraper = {
  readonly stop: () => Promise<ScrapeTally>;
};

export type ScrapeTally = {
  readonly done: number;
  readonly failed: number;
  readonly bytes: number;
  /** From the request to the last byte of the answer. */
  readonly longestSeconds: number;
};

/**
 * Scrapes a URL `perSecond` times a second, as that many Prometheus servers would, each once a second and evenly
 * spread: none waits for another, and each skips its turn while its last answer is still coming.
 */
export function startScraper(url: string, perSecond: number): Scraper {
  const tally = { done: 0, failed: 0, bytes: 0, longestSeconds: 0 };
  const stopping = new AbortController();
  const servers = Array.from({ length: perSecond }, (_, at) =>
    scrapeEverySecond(url, at / perSecond, tally, stopping.signal),
  );
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(servers);
      return tally;
    },
  };
}

async function scrapeEverySecond(
  url: string,
  phaseSeconds: number,
  tally: { -readonly [key in keyof ScrapeTally]: ScrapeTally[key] },
  stopping: AbortSignal,
): Promise<void> {
  const firstMilliseconds = performance.now() + phaseSeconds * 1000;
  for (let turn = 0; ; ) {
    const now = performance.now();
    // A turn that has passed is skipped, not made up for.
    turn = Math.max(turn, Math.ceil((now - firstMilliseconds) / 1000));
    const dueMilliseconds = firstMilliseconds + turn * 1000;
    turn += 1;
    try {
      await sleep(dueMilliseconds - now, undefined, { signal: stopping });
    } catch {
      return;
    }
    const startMilliseconds = performance.now();
    try {
      tally.bytes += await discard(url, stopping);
      tally.done += 1;
      const seconds = (performance.now() - startMilliseconds) / 1000;
      tally.longestSeconds = Math.max(tally.longestSeconds, seconds);
    } catch {
      if (stopping.aborted) return;
      tally.failed += 1;
    }
  }
}

/** @returns bytes of the answer. @throws unless it is a whole 200. */
function discard(url: string, stopping: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000)]);
    const request = get(url, { agent: false, signal }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200 && response.complete) resolve(bytes);
        else reject(new Error(`the answer was ${response.statusCode}`));
      });
    });
    request.once("error", reject);
  });
}
