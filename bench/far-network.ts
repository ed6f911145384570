import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";

/** The near end of the pair of devices; a capture there sees every echo and every reply. */
const NEAR = { device: "near0", address: "10.87.0.1", hardware: "02:00:00:00:87:01" } as const;
const FAR = { device: "far0", address: "10.87.0.2", hardware: "02:00:00:00:87:02" } as const;
const LINK_BITS = 30;
const ANSWERED = "10.88.0.0/17";

/** Last bytes used, so that no address ends in 0 or 255, which some programs refuse. */
const LAST_BYTES = 250;
const THIRD_BYTES = 128;
export const MAX_FAR_ADDRESSES = THIRD_BYTES * LAST_BYTES;

const SETUP_LIMIT_SECONDS = 10;

export type NetworkEnd = { readonly device: string; readonly enter: readonly string[] };

/** A second network namespace whose kernel answers echoes to a whole /17. */
export type FarNetwork = {
  /** Where captures are made: `enter` is what to put before a program to run it in that namespace. */
  readonly near: NetworkEnd;
  readonly far: NetworkEnd;
  /** Ends the namespace, and with it both devices. */
  readonly close: () => Promise<void>;
};

/**
 * Opens the far namespace at the end of a veth pair. The caller must be in a network namespace of its own already.
 *
 * Nothing is left behind, however this process ends: the namespace has no name and lives in a program that ends
 * with its standard input. Hardware addresses are fixed and known to both ends, so no echo waits for ARP.
 *
 * @throws when the system refuses, or `unshare`, `nsenter` (util-linux) or `ip` (iproute2) is not there.
 */
export async function openFarNetwork(): Promise<FarNetwork> {
  const holder = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec cat"]);
  const ended = endOf(holder);
  const enterFar = ["nsenter", `--net=/proc/${holder.pid}/ns/net`];
  const close = async (): Promise<void> => {
    holder.stdin.end();
    await ended;
  };
  try {
    await readyOf(holder);
    const link = `type veth peer name ${FAR.device} address ${FAR.hardware} netns ${holder.pid}`;
    near(`link add ${NEAR.device} address ${NEAR.hardware} ${link}`);
    const farCommands = [
      "link set dev lo up",
      ...linkCommands(FAR, NEAR),
      `route add local ${ANSWERED} dev lo`,
    ];
    for (const command of farCommands) {
      run([...enterFar, "ip", ...command.split(" ")]);
    }
    for (const command of [
      ...linkCommands(NEAR, FAR),
      `route add ${ANSWERED} via ${FAR.address}`,
    ]) {
      near(command);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    near: { device: NEAR.device, enter: [] },
    far: { device: FAR.device, enter: enterFar },
    close,
  };
}

type End = { readonly device: string; readonly address: string; readonly hardware: string };

function linkCommands(own: End, other: End): readonly string[] {
  return [
    // Without a link-local address neither end sends packets of its own.
    `link set dev ${own.device} addrgenmode none up`,
    `address add ${own.address}/${LINK_BITS} dev ${own.device}`,
    `neighbour add ${other.address} lladdr ${other.hardware} nud permanent dev ${own.device}`,
  ];
}

function near(command: string): void {
  run(["ip", ...command.split(" ")]);
}

function run([program = "", ...flags]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, flags, {
    encoding: "utf8",
    timeout: SETUP_LIMIT_SECONDS * 1000,
  });
  if (error !== undefined) throw error;
  if (status !== 0) {
    throw new Error(`Cannot run ${program} ${flags.join(" ")}: ${stderr.trim()}`);
  }
}

/** What the holder writes, it writes inside the new namespace. */
function readyOf(holder: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    holder.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    holder.stdout.once("data", () => resolve());
    holder.once("error", reject);
    holder.once("close", () =>
      reject(new Error(`Cannot open a network namespace: ${complaint.trim()}`)),
    );
  });
}

function endOf(holder: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve) => {
    holder.once("close", () => resolve());
    holder.once("error", () => resolve());
  });
}

/** Different addresses that the far namespace answers. @param from How many to leave out before the first. */
export function farAddresses(count: number, from = 0): readonly string[] {
  if (from + count > MAX_FAR_ADDRESSES) {
    throw new Error(
      `Cannot give ${from + count} far addresses: at most ${MAX_FAR_ADDRESSES} are answered`,
    );
  }
  return Array.from({ length: count }, (_, at) => {
    const index = from + at;
    return `10.88.${Math.floor(index / LAST_BYTES)}.${1 + (index % LAST_BYTES)}`;
  });
}
