import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FarNetwork, NetworkEnd } from "../far-network.ts";
import { framesOf } from "./pcap.ts";
import { type CaptureFile, readWire, type WireTruth } from "./wire.ts";

/** Ethernet, IPv4 and ICMP headers take 42 bytes; what follows is not looked at. */
const SNAPSHOT_BYTES = 64;
/** A second of 10,000 packets takes about 1 MiB of the kernel's ring. */
const RING_KIBIBYTES = 65_536;
/** The kernel hands over a part of its ring when it is full or, at the latest, after a second. */
const RING_DELAY_SECONDS = 1.5;
const MAX_COMPLAINT_CHARACTERS = 10_000;

/** Captures on both devices. */
export type Capture = {
  /** Ends the captures. @throws when a packet escaped them: then they are no truth. */
  readonly stop: (addresses: readonly string[]) => Promise<WireTruth>;
  /** Ends them without looking. */
  readonly discard: () => Promise<void>;
};

/**
 * Captures on both devices with the kernel's nanosecond stamps, from when this returns.
 *
 * @param isNearTwice Captures on the near device once more and throws that away: what this changes is a capture's
 *   own work.
 */
export async function startCapture(network: FarNetwork, isNearTwice = false): Promise<Capture> {
  const started: Tcpdump[] = [];
  const start = async (end: NetworkEnd, filter: string): Promise<Tcpdump> => {
    const tcpdump = await startTcpdump(end, filter);
    started.push(tcpdump);
    return tcpdump;
  };
  const discard = async (): Promise<void> => {
    await Promise.all(started.map((tcpdump) => tcpdump.discard()));
  };
  let near: Tcpdump;
  let far: Tcpdump;
  try {
    if (isNearTwice) await start(network.near, "icmp");
    near = await start(network.near, "icmp");
    // Replies are not looked at there: the copy of each would only add to every round-trip time.
    far = await start(network.far, "icmp[icmptype] == icmp-echo");
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    stop: async (addresses) => {
      try {
        const [nearFile, farFile] = await Promise.all([near.stop(), far.stop()]);
        return readWire(nearFile, farFile, addresses);
      } finally {
        await discard();
      }
    },
  };
}

type Tcpdump = {
  readonly stop: () => Promise<CaptureFile>;
  readonly discard: () => Promise<void>;
};

async function startTcpdump({ device, enter }: NetworkEnd, filter: string): Promise<Tcpdump> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-bench-"));
  const file = join(directory, "capture.pcap");
  const [program = "", ...flags] = [
    [...enter, "tcpdump", "-i", device, "-n", "--time-stamp-precision=nano"],
    // It would give up root for a user who may not write here.
    ["-Z", "root"],
    ["-s", String(SNAPSHOT_BYTES), "-B", String(RING_KIBIBYTES), "-w", file, filter],
  ].flat();
  const child = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_COMPLAINT_CHARACTERS);
  });
  const ended = endOf(child);
  const discard = async (): Promise<void> => {
    child.kill("SIGINT");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await listeningOf(child, () => said);
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    stop: async () => {
      await sleep(RING_DELAY_SECONDS * 1000);
      child.kill("SIGINT");
      await ended;
      refuseUnlessWhole(said);
      const { buffer, byteOffset, byteLength } = readFileSync(file);
      const bytes = new DataView(buffer, byteOffset, byteLength);
      return { bytes, frames: framesOf(bytes) };
    },
  };
}

function listeningOf(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", () => {
      if (said().includes("listening on")) resolve();
    });
    child.once("error", (cause) =>
      reject(new Error("Cannot capture: install the Debian package tcpdump", { cause })),
    );
    child.once("close", () => reject(new Error(`Cannot capture: ${said().trim()}`)));
  });
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
}

function refuseUnlessWhole(said: string): void {
  const count = (what: string): number =>
    Number(new RegExp(`^(\\d+) packets? ${what}`, "m").exec(said)?.[1] ?? Number.NaN);
  const captured = count("captured");
  const received = count("received by filter");
  const dropped = count("dropped by kernel");
  if (captured === received && dropped === 0) return;
  throw new Error(
    `Cannot take the capture for the truth: ${captured} of ${received} packets captured, ${dropped} dropped`,
  );
}
