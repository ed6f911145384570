import { rmSync } from "node:fs";
import koffi from "koffi";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const MSG_DONTWAIT = 0x40;
const MAX_MESSAGE_BYTES = 4_096;

/** A service manager's end of sd_notify(3): what it was told since it was asked last. */
export type NotifySocket = {
  readonly messages: () => readonly string[];
  readonly close: () => void;
};

/** @param place As in NOTIFY_SOCKET: a path that is not there yet, or "@" and an abstract name. */
export function openNotifySocket(place: string): NotifySocket {
  const libc = koffi.load(null);
  const socket = libc.func("int socket(int domain, int type, int protocol)");
  const bind = libc.func("int bind(int fd, void *address, uint length)");
  const recv = libc.func("long recv(int fd, void *bytes, size_t length, int flags)");
  const close = libc.func("int close(int fd)");
  const name = Buffer.from(place.replace(/^@/, "\0"), "utf8");
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0) as number;
  if (descriptor < 0 || (bind(descriptor, address, address.length) as number) < 0) {
    throw new Error(`Cannot open ${place}: errno ${koffi.errno()}`);
  }
  const room = Buffer.alloc(MAX_MESSAGE_BYTES);
  return {
    messages: () => {
      const texts: string[] = [];
      for (;;) {
        const length = recv(descriptor, room, room.length, MSG_DONTWAIT) as number;
        if (length < 0) return texts;
        texts.push(room.toString("utf8", 0, length));
      }
    },
    close: () => {
      close(descriptor);
      if (!place.startsWith("@")) rmSync(place, { force: true });
    },
  };
}
