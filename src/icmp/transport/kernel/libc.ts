/**
 * Every foreign function and Linux constant of the engine, in one place.
 *
 * Values are those of asm-generic, which x86-64 and arm64 share (headers of Linux 6.18); sizes of structures
 * are for 64-bit processes. Pointers are passed as addresses (`bigint`) into memory from `allocate`.
 */
import type Koffi from "koffi";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x8_0000;
export const IPPROTO_ICMP = 1;
export const IPPROTO_ICMPV6 = 58;

export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_BINDTODEVICE = 25;
export const SO_ATTACH_FILTER = 26;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SO_MARK = 36;
export const SO_TIMESTAMPING = 37;
export const SO_MEMINFO = 55;
/** Index of the drop count in what SO_MEMINFO gives (linux/sock_diag.h). */
export const SK_MEMINFO_DROPS = 8;
const SK_MEMINFO_VARS = 9;

export const SOL_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const IP_RECVTTL = 12;
export const IP_PMTUDISC_DONT = 0;
export const IP_PMTUDISC_PROBE = 3;

export const SOL_IPV6 = 41;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_RECVERR = 25;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_HOPLIMIT = 52;
export const IPV6_TCLASS = 67;

export const SOL_RAW = 255;
export const ICMP_FILTER = 1;
export const SOL_ICMPV6 = 58;
export const ICMPV6_FILTER = 1;

export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;

export const SOF_TIMESTAMPING_TX_SOFTWARE = 2;
export const SOF_TIMESTAMPING_RX_SOFTWARE = 8;
export const SOF_TIMESTAMPING_SOFTWARE = 0x10;
export const SOF_TIMESTAMPING_OPT_ID = 0x80;
export const SOF_TIMESTAMPING_OPT_TSONLY = 0x800;

export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;
export const SO_EE_ORIGIN_TIMESTAMPING = 4;

export const EINTR = 4;
export const EAGAIN = 11;

const EFD_CLOEXEC = 0x8_0000;
const EFD_NONBLOCK = 0x800;
const CLOCK_REALTIME = 0;
const POLLIN = 1;
const POLLFD_BYTES = 8;
/** An eventfd, and the sockets of two families: 64 profiles of sixteen each. */
const MAX_POLLED = 1 + 2 * 64 * 16;

/** Memory outside the JavaScript heap, whose address never changes. */
export type NativeMemory = {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
  readonly free: () => void;
};

export type Libc = {
  readonly allocate: (bytes: number) => NativeMemory;
  /** Every call gives −1 on failure; `errno` then tells why. */
  readonly errno: () => number;
  /** `EPERM` of 1; the number itself when it has no name. */
  readonly errnoName: (errno: number) => string;
  /** 1 of `EPERM`; 0 of what is no such name. */
  readonly errnoNumber: (name: string) => number;
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (descriptor: number, address: Uint8Array) => number;
  readonly close: (descriptor: number) => number;
  readonly setOption: (
    descriptor: number,
    level: number,
    option: number,
    value: number | Uint8Array,
  ) => number;
  readonly getIntegerOption: (descriptor: number, level: number, option: number) => number;
  /** Packets dropped on receipt (SO_MEMINFO); −1 on failure. */
  readonly socketDrops: (descriptor: number) => number;
  readonly sendmmsg: (descriptor: number, headers: bigint, count: number) => number;
  readonly recvmmsg: (descriptor: number, headers: bigint, count: number, flags: number) => number;
  readonly interfaceIndex: (name: string) => number;
  readonly eventfd: () => number;
  /** Reads the counter of an eventfd, so that it is quiet again. */
  readonly quiet: (eventDescriptor: number) => void;
  /** CLOCK_REALTIME into `wallTime`: whole seconds, then nanoseconds. */
  readonly readWallTime: () => void;
  readonly wallTime: { seconds: number; nanoseconds: number };
  /** Waits until one of the descriptors is readable or the time has passed; an endless wait is not to be had. */
  readonly poll: (descriptors: readonly number[], timeoutSeconds: number) => number;
  /** Attaches a classic BPF program: (code, jump if true, jump if false, k) an instruction. */
  readonly attachFilter: (descriptor: number, program: readonly BpfInstruction[]) => number;
};

/** @see linux/filter.h, struct sock_filter. */
export type BpfInstruction = readonly [code: number, jt: number, jf: number, k: number];

export type LoadedLibc =
  | { readonly kind: "loaded"; readonly libc: Libc }
  | { readonly kind: "absent"; readonly reason: string };

/** Loads the foreign function interface; its absence is a value, so that the agent starts without it. */
export async function loadLibc(): Promise<LoadedLibc> {
  if (process.platform !== "linux") {
    return { kind: "absent", reason: `the ICMP engine needs Linux, this is ${process.platform}` };
  }
  if (process.arch !== "x64" && process.arch !== "arm64") {
    return {
      kind: "absent",
      reason: `the ICMP engine needs x64 or arm64, this is ${process.arch}`,
    };
  }
  try {
    const { default: koffi } = await import("koffi");
    return { kind: "loaded", libc: bindLibc(koffi) };
  } catch (error) {
    const detail = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return {
      kind: "absent",
      reason: `the native package koffi cannot be loaded (${detail}): install Sounder without --omit=optional`,
    };
  }
}

function bindLibc(koffi: typeof Koffi): Libc {
  const library = koffi.load(null);
  const setsockopt = library.func(
    "int setsockopt(int fd, int level, int name, void *value, uint length)",
  );
  const getsockopt = library.func(
    "int getsockopt(int fd, int level, int name, void *value, void *length)",
  );
  const sendmmsg = library.func("int sendmmsg(int fd, void *headers, uint count, int flags)");
  const recvmmsg = library.func(
    "int recvmmsg(int fd, void *headers, uint count, int flags, void *timeout)",
  );
  const ppoll = library.func("int ppoll(void *fds, ulong count, void *timeout, void *mask)");
  const clockGettime = library.func("int clock_gettime(int clock, void *time)");
  const socket = library.func("int socket(int domain, int type, int protocol)");
  const bind = library.func("int bind(int fd, void *address, uint length)");
  const close = library.func("int close(int fd)");
  const read = library.func("long read(int fd, void *buffer, size_t count)");
  const eventfd = library.func("int eventfd(uint initial, int flags)");
  const ifNametoindex = library.func("uint if_nametoindex(const char *name)");

  const allocate = (bytes: number): NativeMemory => {
    const pointer: unknown = koffi.alloc("uint8_t", bytes);
    const buffer = koffi.view(pointer, bytes);
    new Uint8Array(buffer).fill(0);
    return { address: koffi.address(pointer), buffer, free: () => koffi.free(pointer) };
  };

  const scratch = allocate(256);
  const words = new Int32Array(scratch.buffer);
  const longs = new BigInt64Array(scratch.buffer);
  const optionLength = allocate(8);
  const optionLengthWords = new Uint32Array(optionLength.buffer);
  const pollMemory = allocate(MAX_POLLED * POLLFD_BYTES);
  const pollWords = new Int32Array(pollMemory.buffer);
  const timeMemory = allocate(32);
  const timeLongs = new BigInt64Array(timeMemory.buffer);
  const timeWords = new Uint32Array(timeMemory.buffer);
  const wallTime = { seconds: 0, nanoseconds: 0 };
  const errnoNames = new Map(
    Object.entries(koffi.os.errno).map(([name, value]) => [value, name] as const),
  );

  return {
    allocate,
    errno: () => koffi.errno(),
    errnoName: (errno) => errnoNames.get(errno) ?? `errno ${errno}`,
    errnoNumber: (name) => koffi.os.errno[name] ?? 0,
    socket: (domain, type, protocol) => socket(domain, type, protocol) as number,
    bind: (descriptor, address) => bind(descriptor, address, address.length) as number,
    close: (descriptor) => close(descriptor) as number,
    setOption: (descriptor, level, option, value) => {
      if (typeof value !== "number") {
        return setsockopt(descriptor, level, option, value, value.length) as number;
      }
      words[0] = value;
      return setsockopt(descriptor, level, option, scratch.address, 4) as number;
    },
    getIntegerOption: (descriptor, level, option) => {
      optionLengthWords[0] = 4;
      const result = getsockopt(descriptor, level, option, scratch.address, optionLength.address);
      return (result as number) < 0 ? -1 : (words[0] ?? -1);
    },
    socketDrops: (descriptor) => {
      optionLengthWords[0] = SK_MEMINFO_VARS * 4;
      const result = getsockopt(
        descriptor,
        SOL_SOCKET,
        SO_MEMINFO,
        scratch.address,
        optionLength.address,
      );
      return (result as number) < 0 ? -1 : (words[SK_MEMINFO_DROPS] ?? 0) >>> 0;
    },
    sendmmsg: (descriptor, headers, count) =>
      sendmmsg(descriptor, headers, count, MSG_DONTWAIT) as number,
    recvmmsg: (descriptor, headers, count, flags) =>
      recvmmsg(descriptor, headers, count, flags | MSG_DONTWAIT, null) as number,
    interfaceIndex: (name) => ifNametoindex(name) as number,
    eventfd: () => eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) as number,
    quiet: (eventDescriptor) => {
      read(eventDescriptor, scratch.address, 8);
      longs[0] = 0n;
    },
    readWallTime: () => {
      clockGettime(CLOCK_REALTIME, timeMemory.address);
      // Seconds since 1970 fit 32 bits until 2106; a BigInt for each packet batch would be garbage.
      wallTime.seconds = timeWords[0] ?? 0;
      wallTime.nanoseconds = timeWords[2] ?? 0;
    },
    wallTime,
    poll: (descriptors, timeoutSeconds) => {
      const count = Math.min(descriptors.length, MAX_POLLED);
      for (let at = 0; at < count; at += 1) {
        pollWords[at * 2] = descriptors[at] ?? -1;
        pollWords[at * 2 + 1] = POLLIN;
      }
      const bounded = Math.max(timeoutSeconds, 0);
      const whole = Math.floor(bounded);
      timeLongs[2] = BigInt(whole);
      timeLongs[3] = BigInt(Math.floor((bounded - whole) * 1e9));
      return ppoll(pollMemory.address, count, timeMemory.address + 16n, null) as number;
    },
    attachFilter: (descriptor, program) => {
      const instructions = allocate(program.length * 8);
      const header = allocate(16);
      try {
        const view = new DataView(instructions.buffer);
        for (const [at, [code, jt, jf, k]] of program.entries()) {
          view.setUint16(at * 8, code, true);
          view.setUint8(at * 8 + 2, jt);
          view.setUint8(at * 8 + 3, jf);
          view.setUint32(at * 8 + 4, k, true);
        }
        // struct sock_fprog: u16 length, pointer at 8.
        const fprog = new DataView(header.buffer);
        fprog.setUint16(0, program.length, true);
        fprog.setBigUint64(8, instructions.address, true);
        return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, header.address, 16) as number;
      } finally {
        instructions.free();
        header.free();
      }
    },
  };
}
