import { Worker } from "node:worker_threads";
import type { Loaded } from "./load.ts";

/** Source or built, whichever runs; `tsc` does not rewrite the names of worker files. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./load-worker.ts" : "./load-worker.js",
  import.meta.url,
);

/** A file on a network that hangs must not keep every later reload waiting. */
const LOAD_SECONDS = 60;

/**
 * `loadConfig` in a thread of its own, which ends with it: a file of a hundred thousand targets takes
 * seconds to parse, and scrapes and pages must not wait for that.
 *
 * What is no regular file is refused: a pipe would keep the thread waiting for its writer, and nothing could end it.
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
      const late = setTimeout(() => {
        const message = `the file could not be read and parsed within ${LOAD_SECONDS} s`;
        const problems = [{ line: 1, column: 1, path: "", message }];
        resolve({ ok: false, problems, text: undefined });
      }, LOAD_SECONDS * 1000);
      worker.once("exit", () => clearTimeout(late));
      worker.once("exit", () => reject(new Error("Cannot read the configuration: no answer")));
    });
  } finally {
    // Not waited for: a thread that hangs in a system call does not end.
    void worker.terminate();
  }
}
