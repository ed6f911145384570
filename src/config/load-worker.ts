import { parentPort, workerData } from "node:worker_threads";
import { loadConfig, openRegularFile } from "./load.ts";

if (parentPort === null)
  throw new Error("Cannot run the configuration worker: it is a worker thread's file");
parentPort.postMessage(await loadConfig(String(workerData), openRegularFile));
