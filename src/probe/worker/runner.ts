import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { ProbeOutcome } from "../prober.ts";
import { PROBER_TABLE, type WorkerProberName, zeroEach } from "../table.ts";
import type { LoopLag } from "./loop-lag.ts";

/**
 * Runs probers under the eye of the lag monitor, and counts.
 *
 * A prober that throws has a bug, and its thread ends with it; nothing here is put right for that case.
 */
export class Runner {
  readonly #tools: ProbeTools;
  readonly #lag: LoopLag;
  readonly #inFlight: Record<WorkerProberName, number> = zeroEach();
  #disturbed = 0;

  constructor(options: { readonly tools: ProbeTools; readonly lag: LoopLag }) {
    this.#tools = options.tools;
    this.#lag = options.lag;
  }

  get inFlight(): Readonly<Record<WorkerProberName, number>> {
    return { ...this.#inFlight };
  }

  get disturbed(): number {
    return this.#disturbed;
  }

  async run(
    prober: WorkerProberName,
    request: ProbeRequest,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> {
    this.#inFlight[prober] += 1;
    const begunSeconds = this.#lag.begin();
    const outcome = await PROBER_TABLE[prober](request, this.#tools, signal);
    const isDisturbed = this.#lag.end(begunSeconds);
    if (isDisturbed) this.#disturbed += 1;
    this.#inFlight[prober] -= 1;
    return { ...outcome, isDisturbed };
  }
}
