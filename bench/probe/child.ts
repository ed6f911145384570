import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Another program of this benchmark, in a process of its own. */
export type Child = {
  readonly processId: number;
  /** Sends an order and waits for what it says. @throws when it ends instead. */
  readonly ask: <T>(order: unknown, stop: AbortSignal) => Promise<T>;
  readonly end: () => void;
};

/** @param name The file beside this one, without its ending. */
export function startChild(name: string): Child {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const file = fileURLToPath(new URL(`./${name}.${ending}`, import.meta.url));
  const child = fork(file, { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [] });
  return {
    processId: child.pid ?? 0,
    ask: (order, stop) => answerTo(child, name, order, stop),
    end: () => child.kill("SIGKILL"),
  };
}

function answerTo<T>(
  child: ChildProcess,
  name: string,
  order: unknown,
  stop: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      child.off("message", onMessage);
      child.off("exit", onExit);
      stop.removeEventListener("abort", onStop);
      settle();
    };
    const onMessage = (message: unknown): void => end(() => resolve(message as T));
    const onExit = (): void => end(() => reject(new Error(`Cannot go on: ${name} has ended`)));
    const onStop = (): void => end(() => reject(stop.reason as Error));
    child.once("message", onMessage);
    child.once("exit", onExit);
    stop.addEventListener("abort", onStop, { once: true });
    child.send(order as object);
  });
}
