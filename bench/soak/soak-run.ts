import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lab, openLab } from "../../test/netlab/lab.ts";
import type { HostRecord, LabTotals } from "../../test/netlab/record.ts";
import type { HostScript } from "../../test/netlab/script.ts";
import { farAddresses, openFarNetwork } from "../far-network.ts";
import { startEngineChild } from "./engine-child.ts";
import type { HostCounts, SoakCounts } from "./messages.ts";

/** Of all targets, those that the lab answers; the kernel of the far namespace answers the others. */
const LAB_EVERY = 5;
/** Of the lab's hosts, those that are down for some seconds and up for some. */
const FLAPPING_EVERY = 5;
/** Targets that wait for their turn, of those that are probed. */
const WAITING_SHARE = 0.1;
/** Added, and removed, each second. */
const CHANGED_SHARE = 0.01;
const SAMPLE_SECONDS = 1;
const SEED = 20_260_401;

export type SoakRun = {
  readonly seconds: number;
  readonly targets: number;
  /** Not looked at for memory: code is compiled and columns grow to their size. */
  readonly warmUpSeconds: number;
};

export type Sample = {
  readonly atSeconds: number;
  readonly residentBytes: number;
  readonly descriptors: number;
};

export type SoakResult = {
  readonly run: SoakRun;
  /** One a second, from the start. */
  readonly samples: readonly Sample[];
  readonly counts: SoakCounts;
  readonly far: readonly HostCounts[];
  readonly lab: readonly { readonly counts: HostCounts; readonly record: HostRecord }[];
  readonly labTotals: LabTotals;
  readonly problems: readonly string[];
};

/**
 * Moves this thread into a network of its own and lets targets come and go there for some time.
 *
 * @param onSample Told each sample, to show that time passes.
 */
export async function runSoak(
  run: SoakRun,
  stop: AbortSignal,
  onSample: (sample: Sample) => void = () => {},
): Promise<SoakResult> {
  const hosts = Math.ceil(run.targets * (1 + WAITING_SHARE));
  const lab = await openLab({ seed: SEED, maxRecordedEchoes: 0 });
  try {
    const far = await openFarNetwork();
    try {
      return await soak(run, lab, addressesOf(hosts), stop, onSample);
    } finally {
      await far.close();
    }
  } finally {
    await lab.close();
  }
}

type Addresses = { readonly all: readonly string[]; readonly lab: ReadonlySet<string> };

/** In turns, so that as the window of probed targets moves on, its share of lab hosts stays. */
function addressesOf(hosts: number): Addresses {
  const lab = Array.from({ length: Math.floor(hosts / LAB_EVERY) }, (_, index) => {
    return `10.90.${index >> 8}.${index & 0xff}`;
  });
  const far = farAddresses(hosts - lab.length);
  const all = Array.from({ length: hosts }, (_, index) => {
    const turn = Math.floor(index / LAB_EVERY);
    const isLab = index % LAB_EVERY === LAB_EVERY - 1;
    return (isLab ? lab[turn] : far[index - turn]) ?? "";
  });
  return { all, lab: new Set(lab) };
}

function scriptOf(index: number): HostScript {
  if (index % FLAPPING_EVERY !== 0) return {};
  const turn = index / FLAPPING_EVERY;
  return { flap: { upSeconds: 5 + (turn % 7), downSeconds: 2 + (turn % 3) } };
}

async function soak(
  run: SoakRun,
  lab: Lab,
  addresses: Addresses,
  stop: AbortSignal,
  onSample: (sample: Sample) => void,
): Promise<SoakResult> {
  await lab.hosts([...addresses.lab].map((address, index) => [address, scriptOf(index)]));
  const child = await startEngineChild({
    kind: "start",
    addresses: addresses.all,
    active: run.targets,
    changesPerSecond: Math.ceil(run.targets * CHANGED_SHARE),
  });
  try {
    const samples: Sample[] = [];
    const startSeconds = performance.now() / 1000;
    for (let atSeconds = 0; atSeconds < run.seconds; ) {
      await sleep(SAMPLE_SECONDS * 1000, undefined, { signal: stop });
      atSeconds = performance.now() / 1000 - startSeconds;
      const sample = { atSeconds, ...sampleOf(child.processId) };
      samples.push(sample);
      onSample(sample);
    }
    const counts = await child.finish();
    const records = new Map((await lab.records()).map((record) => [record.address, record]));
    return {
      run,
      samples,
      counts,
      far: counts.hosts.filter(({ address }) => !addresses.lab.has(address)),
      lab: counts.hosts.flatMap((own) => {
        const record = records.get(own.address);
        return record === undefined ? [] : [{ counts: own, record }];
      }),
      labTotals: await lab.totals(),
      problems: child.problems(),
    };
  } finally {
    await child.kill();
  }
}

/** @see proc_pid_status(5) */
function sampleOf(processId: number): Omit<Sample, "atSeconds"> {
  const status = readFileSync(`/proc/${processId}/status`, "utf8");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return {
    residentBytes: Number(kibibytes ?? Number.NaN) * 1024,
    descriptors: readdirSync(`/proc/${processId}/fd`).length,
  };
}
