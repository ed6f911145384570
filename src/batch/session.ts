import { startEngine } from "../icmp/engine.ts";
import { engineOptions } from "../icmp/options.ts";
import { resolverOptions } from "../resolve/options.ts";
import { createResolver } from "../resolve/resolver.ts";
import { systemClock } from "../runtime/clock.ts";
import { silentLog } from "../runtime/log.ts";
import { preferredFamily } from "./aim.ts";
import type { PingTools } from "./ping-run.ts";
import type { PingSettings } from "./settings.ts";

/** No ICMP can be sent from here, by no transport. */
export class IcmpUnavailableError extends Error {
  override readonly name = "IcmpUnavailableError";

  /** @param problem The engine's sentence, which has a remedy in it. */
  constructor(problem: string) {
    super(`Cannot ping: ${problem}; "sounder doctor" tells more`);
  }
}

/**
 * Starts an engine and a resolver for one run and ends both, however that ends.
 *
 * @throws IcmpUnavailableError when this process may not send ICMP at all; else what `work` throws.
 */
export async function withPingTools<T>(
  settings: Pick<PingSettings, "family">,
  work: (tools: PingTools) => Promise<T>,
): Promise<T> {
  const engine = await startEngine({
    engine: engineOptions.parse({}),
    log: silentLog,
    // Every echo in flight is told as well, and that ends the run.
    onFault: () => {},
  });
  const resolver = createResolver({
    options: resolverOptions.parse({}),
    clock: systemClock,
    log: silentLog,
  });
  try {
    if (engine.state !== "running") {
      throw new IcmpUnavailableError(engine.problem ?? `the ICMP engine is ${engine.state}`);
    }
    const { families } = await engine.figures();
    const open = new Set(families.map(({ family }) => family));
    return await work({
      engine,
      resolve: resolver.cached,
      clock: systemClock,
      after: (seconds, callback) => {
        const timer = setTimeout(callback, Math.ceil(seconds * 1000));
        return () => clearTimeout(timer);
      },
      wish: { only: settings.family, preferred: preferredFamily(open) },
    });
  } finally {
    resolver.close();
    await engine.stop();
  }
}
