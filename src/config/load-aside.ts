import { Worker } from "node:worker_threads";
import type { Loaded } from "./load.ts";

/** Source or built, whichever runs; `tsc` does not rewrite the names of worker files. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./load-worker.ts" : "./load-worker.js",
  import.meta.url,
);

/**
 * `loadConfig` in a thread of its own, which ends with it: a file of a hundred thousand targets takes
 * seconds to parse, and scrapes and pages must not wait for that.
 *
 * @throws when the thread failed, which is no fault of the file.
 */
export async function loadConfigAside(path: string): Promise<Loaded> {
  const worker = new Worker(WORKER_URL, { workerData: path, name: "sounder-config" });
  try {
    return await new Promise<Loaded>((resolve, reject) => {
      worker.once("message", (loaded: Loaded) => resolve(loaded));
      worker.once("error", (cause: unknown) => {
        reject(new Error("Cannot read the configuration: its thread failed", { cause }));
      });
      worker.once("exit", () => reject(new Error("Cannot read the configuration: no answer")));
    });
  } finally {
    await worker.terminate();
  }
}
