import { quote } from "../../runtime/found.ts";
import { type Failed, failed } from "../failure.ts";

/** `sun_path` has 108 bytes, of which a path leaves the last one 0. @see unix(7) */
const MAX_PATH_BYTES = 107;

/** The path to connect to. As in Go `@name` is the abstract socket of that name, which Linux alone has. */
export function socketPath(
  target: string,
): { readonly kind: "path"; readonly path: string } | Failed {
  if (target.includes("\0")) {
    return failed("bad_target", `the path ${quote(target)} holds a zero byte: remove it`);
  }
  const lengthBytes = Buffer.byteLength(target);
  if (lengthBytes > MAX_PATH_BYTES) {
    const limit = `the path of a socket has at most ${MAX_PATH_BYTES} bytes`;
    return failed("bad_target", `${limit}, ${quote(target)} has ${lengthBytes}`);
  }
  if (target === "") return failed("bad_target", "the path of the socket is empty");
  return { kind: "path", path: target.startsWith("@") ? `\0${target.slice(1)}` : target };
}

/** Why a socket file could not be connected to, for the codes that mean something else than with a network. */
export function connectFailure(target: string, code: string): Failed | undefined {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return failed("connect_unreachable", `there is no socket ${quote(target)}`);
    case "EACCES":
    case "EPERM":
      return failed(
        "connect_unreachable",
        `permission denied on ${quote(target)}: let the agent's user write to the socket and search its directories`,
      );
    case "ECONNREFUSED":
      return failed("connect_refused", `nobody listens on ${quote(target)}, or it is no socket`);
    case "EPROTOTYPE":
      return failed("connect_refused", `${quote(target)} is no stream socket`);
    case "EAGAIN":
      return failed("connect_refused", `the queue of ${quote(target)} is full`);
    default:
      return undefined;
  }
}
