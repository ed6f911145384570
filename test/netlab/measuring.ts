import assert from "node:assert/strict";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { until } from "../support/until.ts";
import { assertRttsRight, assertSentCountsEqual, readScrape, type Scrape } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import type { HostRecord } from "./record.ts";
import type { HostScript } from "./script.ts";
import { withLab } from "./with-lab.ts";

/** Two echoes a second; a reply has four fifths of the time to the next one. */
export const INTERVAL_SECONDS = 0.5;
export const TIMEOUT_SECONDS = 0.4;

/** The timeout is shorter than the interval, so that echoes end in the order of sending. */
export type Pace = { readonly intervalSeconds: number; readonly timeoutSeconds: number };
const PACE: Pace = { intervalSeconds: INTERVAL_SECONDS, timeoutSeconds: TIMEOUT_SECONDS };

/** Keys of `icmp:` of a module, as in the configuration file. */
export type ModuleKeys = Readonly<Record<string, string | number | boolean>>;

export type Measured = {
  /** Address of the host, which the lab has a script for. */
  readonly address: string;
  readonly script: HostScript;
  /** As configured, where that is not the address. */
  readonly target?: string | undefined;
  /** What its module says of `icmp`; targets with equal keys share one module. */
  readonly module?: ModuleKeys;
  /** Echoes per interval, as a group has them; one when left out. */
  readonly echoes?: { readonly count: number; readonly spacing: string };
};

/** An agent at work in a lab, and what a test asks of both. */
export type Measurement = {
  readonly lab: Lab;
  readonly agent: AgentProcess;
  readonly scrape: () => Promise<Scrape>;
  /** Waits until each of these targets has so many more ended echoes than on a page. */
  readonly untilMore: (
    targets: readonly string[],
    echoes: number,
    than?: Scrape,
    kind?: Ended,
  ) => Promise<Scrape>;
  /** One echo now; its answer as the API gives it. */
  readonly echoNow: (
    target: string,
    options?: { readonly isFragmentingForbidden: boolean },
  ) => Promise<EchoNow>;
};

type Ended = "any" | "finished" | "unsent" | "lost" | "answered";

export type EchoNow = {
  readonly kind: "answered" | "lost" | "suspect" | "unsent";
  readonly reason?: string;
  readonly reportedBy?: string;
  readonly rttSeconds?: number;
  readonly hopLimit?: number;
};

const WAIT_SECONDS = 60;
const DF_MODULE = "icmp_df";

type Options = {
  readonly seed: number;
  readonly targets: readonly Measured[];
  /** Targets of the first group that are no hosts of the lab's first device. */
  readonly further?: readonly string[];
  readonly lab?: Omit<Parameters<typeof withLab>[0], "seed">;
  /** The `icmp:` block of the file; the transport is in it. */
  readonly engine?: ModuleKeys;
  readonly pace?: Pace;
  /** Of the agent, besides the test's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What must be there before the agent starts, besides the targets' hosts. */
  readonly prepare?: (lab: Lab) => Promise<void>;
};

/** Runs an agent that measures the targets, and stops it well however the work ends. */
export async function measuring(
  options: Options,
  work: (measurement: Measurement) => Promise<void>,
): Promise<void> {
  await withLab({ ...options.lab, seed: options.seed }, async (lab) => {
    await lab.hosts(options.targets.map(({ address, script }) => [address, script]));
    await options.prepare?.(lab);
    const agent = await startAgent({
      config: configOf(options),
      environment: options.environment ?? {},
    });
    try {
      await work(measurementOf(lab, agent));
    } catch (error) {
      process.stderr.write(agent.stderr());
      throw error;
    } finally {
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    }
  });
}

/** Every JSON text is a YAML text. */
function configOf({ targets, further = [], engine = {}, pace = PACE }: Options): string {
  const bySettings = new Map<string, Measured[]>();
  for (const target of targets) {
    const settings = JSON.stringify([target.module ?? {}, target.echoes]);
    bySettings.set(settings, [...(bySettings.get(settings) ?? []), target]);
  }
  const timeout = `${pace.timeoutSeconds * 1000}ms`;
  const sets = [...bySettings.values()].map((measured, index) => {
    const { module = {}, echoes } = measured[0] ?? {};
    const name = `group${index}`;
    return {
      module: [`${name}_echo`, { prober: "icmp", timeout, icmp: module }] as const,
      group: {
        name,
        modules: [`${name}_echo`],
        interval: `${pace.intervalSeconds * 1000}ms`,
        ...(echoes === undefined ? {} : { echoes }),
        targets: [
          ...measured.map(({ address, target }) => target ?? address),
          ...(index === 0 ? further : []),
        ],
      },
    };
  });
  return JSON.stringify({
    modules: {
      // The one that the API takes when none is named.
      icmp: { prober: "icmp", timeout },
      [DF_MODULE]: { prober: "icmp", timeout, icmp: { dont_fragment: true } },
      ...Object.fromEntries(sets.map(({ module }) => module)),
    },
    icmp: engine,
    // Fast echoes are in the lab's record too, and would stand there among those of the grid.
    defaults: { fast_interval: "0s" },
    groups: sets.map(({ group }) => group),
    probe: { targets: "any", deny: [] },
  });
}

function measurementOf(lab: Lab, agent: AgentProcess): Measurement {
  const scrape = async (): Promise<Scrape> => readScrape(await agent.scrape());
  return {
    lab,
    agent,
    scrape,
    untilMore: (targets, echoes, than, kind = "any") =>
      until(
        async () => {
          const page = await scrape();
          const isThere = targets.every(
            (target) =>
              endedOf(page, target, kind) - (than ? endedOf(than, target, kind) : 0) >= echoes,
          );
          return isThere && page;
        },
        {
          deadlineSeconds: WAIT_SECONDS,
          what: `${echoes} more echoes that are ${kind} of every target`,
          everySeconds: 0.1,
        },
      ),
    echoNow: async (target, { isFragmentingForbidden } = { isFragmentingForbidden: false }) => {
      const module = isFragmentingForbidden ? DF_MODULE : "icmp";
      const query = new URLSearchParams({ target, module });
      const { status, body } = await agent.request(`/api/v1/ping?${query.toString()}`);
      assert.equal(status, 200, body);
      const [echo] = JSON.parse(body).echoes;
      return echo;
    },
  };
}

function endedOf(page: Scrape, target: string, kind: Ended): number {
  const { echoes, suspect, unsent, lost, rtt } = page.icmp({ target });
  switch (kind) {
    case "any":
      return echoes + suspect + unsent;
    case "finished":
      return echoes + suspect;
    case "unsent":
      return unsent;
    case "lost":
      return lost;
    case "answered":
      return rtt.count;
  }
}

/** How many echoes of a target the kernel has refused on a page. */
export function unsentOf(page: Scrape, targets: readonly string[]): number {
  return targets.reduce((sum, target) => sum + page.icmp({ target }).unsent, 0);
}

/**
 * Echoes that finished from one page to the next are in the record as the counters have them, with
 * right round-trip times.
 */
export function assertRightBetween(before: Scrape, after: Scrape, record: HostRecord): void {
  const target = record.address;
  const [earlier, later] = [before.icmp({ target }), after.icmp({ target })];
  const finished = assertSentCountsEqual(later, record, TIMEOUT_SECONDS);
  assertRttsRight(earlier, later, finished.slice(earlier.echoes + earlier.suspect), target);
}

/** So many hosts of each family, 10.NETWORK.x.y and fdNETWORK::x:y, with delays from 20 ms up to 74 ms. */
export function steadyHosts(network: number, count: number, subnet = 0): Measured[] {
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((number) => {
    const script = { delaySeconds: 0.02 + (number % 10) * 0.006 };
    return [
      { address: `10.${network}.${subnet}.${number}`, script },
      { address: ipv6Of(network, subnet, number), script },
    ];
  });
}

function ipv6Of(network: number, subnet: number, number: number): string {
  const group = subnet === 0 ? "" : `${subnet.toString(16)}:`;
  return `fd${network}::${group}${number.toString(16)}`;
}
