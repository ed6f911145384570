import { setTimeout as sleep } from "node:timers/promises";
import type Koffi from "koffi";
import type { Logger } from "../runtime/log.ts";

/**
 * What the service manager is told (sd_notify(3)), so that `systemctl start` waits until the agent listens and
 * `systemctl reload` until the file was read.
 */
export type ServiceManager = {
  readonly ready: () => Promise<void>;
  /** `ready` says that it is over, however it ended. */
  readonly reloading: () => Promise<void>;
  readonly stopping: () => Promise<void>;
};

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EINTR = 4;
const EAGAIN = 11;
/** struct sockaddr_un of Linux: the family in two bytes, then the path. */
const MAX_PATH_BYTES = 108;
/** While other services start, the manager's queue may be full for a moment. */
const TRIES = 20;
const RETRY_SECONDS = 0.1;

/**
 * @param environment `NOTIFY_SOCKET` is where the manager listens; without it nobody is told anything.
 * @param log Hears once why the manager cannot be told; that ends nothing, but a unit of `Type=notify` will.
 */
export async function connectServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Promise<ServiceManager> {
  const place = environment["NOTIFY_SOCKET"] ?? "";
  const send = place === "" ? undefined : await senderTo(place, log);
  const tell = async (message: string): Promise<void> => send?.(message);
  return {
    ready: () => tell("READY=1"),
    // The manager compares the time with its own (CLOCK_MONOTONIC), which is what hrtime reads.
    reloading: () => tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => tell("STOPPING=1"),
  };
}

type Send = (message: string) => Promise<void>;

async function senderTo(place: string, log: Logger): Promise<Send | undefined> {
  const cannot = (why: string): void =>
    log.warn(
      `Cannot tell the service manager that the agent runs: ${why}; a unit without Type=notify needs no telling`,
    );
  const address = socketAddress(place);
  if (address === undefined) {
    cannot("NOTIFY_SOCKET is neither a path nor an abstract name of at most 107 bytes");
    return undefined;
  }
  try {
    // Loaded for nothing else on this thread, and only where there is a manager.
    const { default: koffi } = await import("koffi");
    const transmit = transmitterTo(address, koffi);
    return async (message) => {
      const problem = await insist(() => transmit(message));
      if (problem !== undefined) cannot(problem);
    };
  } catch (error) {
    cannot(`the native package koffi cannot be loaded (${firstLine(error)})`);
    return undefined;
  }
}

/** @see unix(7): a name that begins with "@" is abstract, written with a zero byte, and ends with its length. */
function socketAddress(place: string): Uint8Array | undefined {
  const name = Buffer.from(place, "utf8");
  if (name.length >= MAX_PATH_BYTES || !/^(?:\/|@.)/.test(place) || name.includes(0)) {
    return undefined;
  }
  if (place.startsWith("@")) name[0] = 0;
  // The family is in the byte order of the machine: little-endian on all that koffi's Linux builds run on here.
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
}

type Transmitted = "sent" | "busy" | { readonly problem: string };

/** A socket a message: there are three in the life of an agent. */
function transmitterTo(address: Uint8Array, koffi: typeof Koffi): (message: string) => Transmitted {
  const libc = koffi.load(null);
  const socket = libc.func("int socket(int domain, int type, int protocol)");
  const close = libc.func("int close(int fd)");
  const sendto = libc.func(
    "long sendto(int fd, void *bytes, size_t length, int flags, void *address, uint addressLength)",
  );
  const failed = (): Transmitted => {
    const errno = koffi.errno();
    if (errno === EAGAIN || errno === EINTR) return "busy";
    const names = Object.entries(koffi.os.errno);
    const name = names.find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
    return { problem: `its socket refuses the message (${name})` };
  };
  return (message) => {
    const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number;
    if (descriptor < 0) return failed();
    const bytes = Buffer.from(message, "utf8");
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = sendto(descriptor, bytes, bytes.length, flags, address, address.length) as number;
    // Before the close, which may set another errno.
    const outcome = sent < 0 ? failed() : "sent";
    close(descriptor);
    return outcome;
  };
}

/** @returns what went wrong; undefined when the message is out. */
async function insist(transmit: () => Transmitted): Promise<string | undefined> {
  for (let tried = 1; tried <= TRIES; tried += 1) {
    const outcome = transmit();
    if (outcome === "sent") return undefined;
    if (outcome !== "busy") return outcome.problem;
    await sleep(RETRY_SECONDS * 1000);
  }
  return `its queue was full for ${TRIES * RETRY_SECONDS} s`;
}

function firstLine(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return line;
}
