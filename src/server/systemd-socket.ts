import { fstatSync } from "node:fs";

/** The first descriptor that is handed over (SD_LISTEN_FDS_START). */
const FIRST_DESCRIPTOR = 3;
/** A unit of one agent has a few listen addresses; more is somebody else's. */
const MAX_SOCKETS = 64;
const SCHEME = "fd://";
const REMEDY =
  "start the agent by its socket unit (sounder.socket), or leave out --web.systemd-socket";

export type HandedSockets =
  /** Listen addresses that {@link listen} takes, one for each socket, in the order of the socket unit. */
  | { readonly kind: "handed"; readonly listenAddresses: readonly string[] }
  /** `problem` is one sentence that says what to do instead. */
  | { readonly kind: "none"; readonly problem: string };

/**
 * The listening sockets that the service manager opened before it started this process.
 *
 * @param environment `LISTEN_PID` names the process they are for, `LISTEN_FDS` how many there are.
 * @see sd_listen_fds(3)
 */
export function handedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  processId: number,
): HandedSockets {
  const { LISTEN_PID: owner = "", LISTEN_FDS: countText = "" } = environment;
  if (owner === "" || countText === "") return none("no socket was handed to this process");
  // A parent that forgot to remove the variables means another process with them.
  if (owner !== String(processId)) {
    return none(`the sockets are for process ${shown(owner)}, this is ${processId}`);
  }
  const count = /^\d{1,9}$/.test(countText) ? Number(countText) : Number.NaN;
  if (!(count >= 1 && count <= MAX_SOCKETS)) {
    return none(`LISTEN_FDS is ${shown(countText)}, wanted is 1 to ${MAX_SOCKETS}`);
  }
  const descriptors = Array.from({ length: count }, (_, at) => FIRST_DESCRIPTOR + at);
  const wrong = descriptors.find((descriptor) => !isSocket(descriptor));
  if (wrong !== undefined) return none(`descriptor ${wrong} is not a socket`);
  return { kind: "handed", listenAddresses: descriptors.map((number) => `${SCHEME}${number}`) };
}

/** The descriptor of a listen address that came from {@link handedSockets}; undefined for any other. */
export function descriptorOf(listenAddress: string): number | undefined {
  const [, digits] = /^fd:\/\/(\d{1,4})$/.exec(listenAddress) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function none(seen: string): HandedSockets {
  return { kind: "none", problem: `${seen}: ${REMEDY}` };
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    // Not even open.
    return false;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 32));
}
