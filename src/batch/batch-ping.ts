import type { Address } from "../runtime/address.ts";
import type { PingEcho, PingFailure, PingOptions, PingResult } from "./ping.ts";
import { PingRun, type PingTools } from "./ping-run.ts";
import { RunningStatistics } from "./running-statistics.ts";
import { withPingTools } from "./session.ts";
import { type PingSettings, settingsOf } from "./settings.ts";

/**
 * Sends echoes to many names or addresses at once and gives the statistics of each.
 *
 * Round-trip times are the kernel's, as the agent measures them. All names share the rate; a name that does not
 * resolve, or cannot be sent to, fails alone and says why in its result. When the promise settles, nothing of it
 * runs any more: no thread, no socket, no timer.
 *
 * @param names Names, addresses of either family, or URLs, which are reduced to their host.
 * @returns One result for each name, in the order given. When `signal` is aborted, what was measured until then.
 * @throws TypeError or RangeError for a wrong option; `IcmpUnavailableError` when this process may not send ICMP at
 *   all; what a callback throws. Never because of a target.
 */
export async function batchPing(
  names: readonly string[],
  options: PingOptions = {},
): Promise<PingResult[]> {
  const settings = settingsOf(names, options);
  const signal = options.signal ?? new AbortController().signal;
  const given = [...names];
  if (given.length === 0 || signal.aborted) return collector(given, options).results();
  return withPingTools(settings, (tools) =>
    pingWith(tools, given, settings, { ...options, signal }),
  );
}

/** A batch with the tools handed in. */
export async function pingWith(
  tools: PingTools,
  names: readonly string[],
  settings: PingSettings,
  options: Pick<PingOptions, "onReply" | "onEcho"> & { readonly signal: AbortSignal },
): Promise<PingResult[]> {
  const collected = collector(names, options);
  await new PingRun({ names, settings, tools, listener: collected }).run(options.signal);
  return collected.results();
}

type Collected = {
  address: string | undefined;
  failure: PingFailure | undefined;
  readonly rttsSeconds: (number | undefined)[];
  readonly statistics: RunningStatistics;
};

function collector(names: readonly string[], { onReply, onEcho }: PingOptions) {
  const targets = names.map(
    (): Collected => ({
      address: undefined,
      failure: undefined,
      rttsSeconds: [],
      statistics: new RunningStatistics(),
    }),
  );
  return {
    onAimed: (index: number, address: Address): void => {
      const target = targets[index];
      if (target !== undefined) target.address = address.text;
    },
    onFailed: (index: number, failure: PingFailure): void => {
      const target = targets[index];
      if (target !== undefined) target.failure = failure;
    },
    onEcho: (echo: PingEcho): void => {
      const { outcome, ...identity } = echo;
      const target = targets[echo.index];
      target?.statistics.add(outcome);
      const isAnswered = outcome.kind === "answered";
      if (target !== undefined) {
        // Echoes may end out of turn; the list must not have holes.
        while (target.rttsSeconds.length < echo.sequence) target.rttsSeconds.push(undefined);
        if (isAnswered) target.rttsSeconds[echo.sequence - 1] = outcome.rttSeconds;
      }
      onEcho?.(echo);
      if (!isAnswered) return;
      onReply?.({ ...identity, rttSeconds: outcome.rttSeconds, hopLimit: outcome.hopLimit });
    },
    results: (): PingResult[] =>
      targets.map(({ address, failure, rttsSeconds, statistics }, index) => ({
        name: names[index] ?? "",
        address,
        ...statistics.statistics(),
        rttsSeconds,
        failure,
      })),
  };
}
