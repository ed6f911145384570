import { spawnSync } from "node:child_process";

/** A lost machine must not hang the test file for ever. */
const PROGRAM_LIMIT_SECONDS = 60;

/**
 * Runs a program inside the calling thread's network and gives all it said. The lab answers from a
 * thread of its own, so waiting here in one call disturbs nothing.
 *
 * @throws when it cannot be started or takes too long; its exit code is the caller's to judge.
 */
export function run(program: string, flags: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(program, flags, {
    encoding: "utf8",
    timeout: PROGRAM_LIMIT_SECONDS * 1000,
    env: { ...process.env, LC_ALL: "C" },
  });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

/** What `ping` of iputils reports. */
export type PingReport = {
  readonly text: string;
  readonly transmitted: number;
  readonly received: number;
  readonly duplicates: number;
  /** Sequence numbers of the replies in the order in which they came, duplicates included. */
  readonly sequences: readonly number[];
  readonly rttSeconds: readonly number[];
};

/** @param flags As ping(8) takes them, the address last. */
export function ping(...flags: readonly string[]): PingReport {
  const text = run("ping", flags);
  const numbers = (pattern: RegExp): number[] =>
    [...text.matchAll(pattern)].map(([, number]) => Number(number));
  const [transmitted = 0] = numbers(/(\d+) packets transmitted/g);
  const [received = 0] = numbers(/(\d+) received/g);
  const [duplicates = 0] = numbers(/\+(\d+) duplicates/g);
  return {
    text,
    transmitted,
    received,
    duplicates,
    sequences: numbers(/bytes from .*icmp_seq=(\d+)/g),
    rttSeconds: numbers(/bytes from .*time=([\d.]+) ms/g).map(
      (milliseconds) => milliseconds / 1000,
    ),
  };
}

export type FpingCount = { readonly sent: number; readonly received: number };

/** What `fping -q -c …` counted, by address. */
export function fping(flags: readonly string[], addresses: readonly string[]) {
  const counts = new Map<string, FpingCount>();
  const text = run("fping", ["-q", ...flags, ...addresses]);
  for (const [, address = "", sent, received] of text.matchAll(
    /^(\S+)\s*: xmt\/rcv\/%loss = (\d+)\/(\d+)\//gm,
  )) {
    counts.set(address, { sent: Number(sent), received: Number(received) });
  }
  return counts as ReadonlyMap<string, FpingCount>;
}
