import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** The package's "waiting itself failed" is libuv's number in text. */
const LIBUV_NUMBER = /^-\d+$/;
const UNKNOWN = "EIO";

/**
 * `strerror` of the C libraries, in lower case, where it says another thing than libuv does: the package tells
 * errors by that text alone. Of glibc, musl and macOS; the last is FormatMessage of Windows.
 */
const BY_TEXT: ReadonlyMap<string, string> = new Map([
  ["no route to host", "EHOSTUNREACH"],
  ["network unreachable", "ENETUNREACH"],
  ["cannot assign requested address", "EADDRNOTAVAIL"],
  ["can't assign requested address", "EADDRNOTAVAIL"],
  ["address not available", "EADDRNOTAVAIL"],
  ["address family not supported by protocol", "EAFNOSUPPORT"],
  ["address family not supported by protocol family", "EAFNOSUPPORT"],
  ["protocol not supported", "EPROTONOSUPPORT"],
  ["message too large", "EMSGSIZE"],
  ["no such device", "ENODEV"],
  ["cannot allocate memory", "ENOMEM"],
  ["out of memory", "ENOMEM"],
  ["bad file descriptor", "EBADF"],
  ["input/output error", "EIO"],
  ["i/o error", "EIO"],
  ["protocol not available", "ENOPROTOOPT"],
  ["operation not supported", "EOPNOTSUPP"],
  ["not supported", "EOPNOTSUPP"],
  ["too many open files", "EMFILE"],
  ["a non-blocking socket operation could not be completed immediately.", "EAGAIN"],
]);

/** libuv's own texts, in lower case, which agree with `strerror` for most; and its numbers. */
const LIBUV: ReadonlyMap<string, string> = new Map(
  [...getSystemErrorMap()].flatMap(([number, [name, text]]) => [
    [text.toLowerCase(), name] as const,
    [String(number), name] as const,
  ]),
);

/** The name of the error that the package told by its text: `ENETUNREACH`; `EIO` for one that is not known. */
export function errnoNameOf(error: Error): string {
  const text = error.message.trim().toLowerCase();
  if (text.startsWith("invalid ip address")) return "EINVAL";
  if (LIBUV_NUMBER.test(text)) return LIBUV.get(text) ?? UNKNOWN;
  return BY_TEXT.get(text) ?? LIBUV.get(text) ?? UNKNOWN;
}

/** The system's number of an error by its name. */
export function errnoNumber(name: string): number {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return numbers[name] ?? constants.errno.EIO;
}
