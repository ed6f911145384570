/** New network namespace for the calling thread. @see unshare(2) */
const CLONE_NEWNET = 0x4000_0000;
/** `_IOW('T', 202, int)` of linux/if_tun.h, and a layer 3 device without a packet information header. */
const TUNSETIFF = 0x4004_54ca;
const IFF_TUN_WITHOUT_PI = 0x1001;
/** sizeof(struct ifreq) on 64-bit Linux; the name fills the first 16 bytes, the flags follow. */
const IFREQ_BYTES = 40;
const INTERFACE_NAME_BYTES = 16;
/** O_NONBLOCK | O_CLOEXEC as eventfd(2) and open(2) take them on x86-64 and arm64. */
const NONBLOCK_CLOEXEC = 0x8_0800;
const POLLIN = 1;
const POLLFD_BYTES = 8;

/** The few kernel calls the lab needs and Node does not have. Numbers below 0 are refusals. */
export type Kernel = {
  /**
   * Moves the calling thread, and what it starts or opens from now on, into a fresh network
   * namespace. Threads that already run stay where they are.
   */
  readonly enterNewNetwork: () => void;
  /** Makes an open `/dev/net/tun` a layer 3 device of that name, gone when the descriptor closes. */
  readonly makeTun: (descriptor: number, name: string) => void;
  /** A counter descriptor whose only use is to be readable: writing eight bytes wakes a `wait`. */
  readonly openWakeup: () => number;
  /** @returns bytes read, or -1 when nothing is there. Never blocks if the descriptor does not. */
  readonly read: (descriptor: number, into: Uint8Array) => number;
  /** @returns bytes written, or -1. */
  readonly write: (descriptor: number, bytes: Uint8Array) => number;
  /** Blocks the thread until one of two descriptors is readable or the time is over. */
  readonly wait: (first: number, second: number, timeoutSeconds: number) => void;
};

/** @throws when koffi is not installed for this platform. */
export async function loadKernel(): Promise<Kernel> {
  const koffi = await import("koffi");
  const libc = koffi.load(null);
  const unshare = libc.func("int unshare(int flags)");
  const ioctl = libc.func("int ioctl(int fd, unsigned long request, void *argument)");
  const eventfd = libc.func("int eventfd(unsigned int start, int flags)");
  const read = libc.func("long read(int fd, void *buffer, size_t count)");
  const write = libc.func("long write(int fd, void *buffer, size_t count)");
  const ppoll = libc.func("int ppoll(void *fds, unsigned long count, void *timeout, void *mask)");

  const checked = (call: string, result: number): number => {
    if (result >= 0) return result;
    throw new Error(`${call} was refused with errno ${koffi.errno()}`);
  };
  const pollfds = Buffer.alloc(2 * POLLFD_BYTES);
  const timeout = Buffer.alloc(16);
  return {
    enterNewNetwork: () => {
      checked("unshare(CLONE_NEWNET)", unshare(CLONE_NEWNET));
    },
    makeTun: (descriptor, name) => {
      const request = Buffer.alloc(IFREQ_BYTES);
      request.write(name, 0, INTERFACE_NAME_BYTES - 1, "latin1");
      request.writeUInt16LE(IFF_TUN_WITHOUT_PI, INTERFACE_NAME_BYTES);
      checked("ioctl(TUNSETIFF)", ioctl(descriptor, TUNSETIFF, request));
    },
    openWakeup: () => checked("eventfd()", eventfd(0, NONBLOCK_CLOEXEC)),
    read: (descriptor, into) => Number(read(descriptor, into, into.length)),
    write: (descriptor, bytes) => Number(write(descriptor, bytes, bytes.length)),
    wait: (first, second, timeoutSeconds) => {
      pollfds.writeInt32LE(first, 0);
      pollfds.writeUInt16LE(POLLIN, 4);
      pollfds.writeInt32LE(second, POLLFD_BYTES);
      pollfds.writeUInt16LE(POLLIN, POLLFD_BYTES + 4);
      const wholeSeconds = Math.floor(timeoutSeconds);
      timeout.writeBigInt64LE(BigInt(wholeSeconds), 0);
      // Rounded up: waking before the time is due would only mean to wait once more.
      const nanoseconds = Math.min(999_999_999, Math.ceil((timeoutSeconds - wholeSeconds) * 1e9));
      timeout.writeBigInt64LE(BigInt(nanoseconds), 8);
      ppoll(pollfds, 2, timeout, null);
    },
  };
}
