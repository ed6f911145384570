/**
 * A process with an engine at work, that ends in the way its first argument names. Told by lines on its standard
 * output; the test that starts it looks at them and at the exit.
 */

import { startEngine } from "../../src/icmp/engine.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { ENGINE_OPTIONS, echoOrder, streamTo } from "./engine-orders.ts";

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const engine = await startEngine({
  engine: ENGINE_OPTIONS,
  log: silentLog,
  onFault: (error) => say(`fault: ${error.message}`),
});
say(`${engine.state}: ${engine.problem ?? "no problem"}`);
if (engine.state === "running") {
  engine.add(streamTo("127.0.0.1"));
  await engine.snapshot();
}

const ways: Readonly<Record<string, () => Promise<void>>> = {
  throw: async () => {
    setImmediate(() => {
      throw new Error("an exception nobody catches");
    });
  },
  exit: async () => process.exit(3),
  stop: async () => {
    await engine.stop();
    say(engine.state);
  },
  fault: async () => {
    // No memory of this size is to be had: the thread dies of it, as of a defect.
    const order = { ...echoOrder("127.0.0.1"), payloadBytes: 2 ** 50 };
    await engine.echo(order).catch((error: Error) => say(`echo: ${error.message}`));
    say(`state: ${engine.state}`);
    await use();
    say("stopped");
  },
  refused: async () => use(),
};

/** What the agent goes on doing when there is no engine: none of it may throw. */
async function use(): Promise<void> {
  await engine.snapshot().catch((error: Error) => say(`snapshot: ${error.message}`));
  engine.remove(engine.add(streamTo("127.0.0.1")));
  await engine.stop();
}

await ways[process.argv[2] ?? ""]?.();
