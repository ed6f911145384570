import { quote } from "../runtime/found.ts";
import { withoutPassword } from "../runtime/secrets.ts";
import { type Failed, failed } from "./failure.ts";

export type HostPort = {
  readonly kind: "split";
  /** Without brackets; may be empty. */
  readonly host: string;
  readonly port: string;
};

/**
 * A target as host and port, by the rules and with the words of Go's `net.SplitHostPort`: the port is what
 * follows the last colon, and an IPv6 address stands in brackets.
 */
export function splitHostPort(target: string): HostPort | Failed {
  const colonAt = target.lastIndexOf(":");
  if (colonAt === -1) return unreadable(target, "missing port in address");
  const closingAt = target.startsWith("[") ? target.indexOf("]") : undefined;
  if (closingAt === undefined) {
    const host = target.slice(0, colonAt);
    if (host.includes(":")) return unreadable(target, "too many colons in address");
    return withoutBrackets(target, { kind: "split", host, port: target.slice(colonAt + 1) });
  }
  if (closingAt === -1) return unreadable(target, "missing ']' in address");
  if (closingAt + 1 !== colonAt) {
    const isColonNext = target[closingAt + 1] === ":";
    return unreadable(
      target,
      isColonNext ? "too many colons in address" : "missing port in address",
    );
  }
  const host = target.slice(1, closingAt);
  return withoutBrackets(target, { kind: "split", host, port: target.slice(colonAt + 1) });
}

function withoutBrackets(target: string, parts: HostPort): HostPort | Failed {
  const { host, port } = parts;
  if (host.includes("[") || port.includes("[")) {
    return unreadable(target, "unexpected '[' in address");
  }
  if (host.includes("]") || port.includes("]")) {
    return unreadable(target, "unexpected ']' in address");
  }
  return parts;
}

function unreadable(target: string, why: string): Failed {
  const remedy = "write host:port, and an IPv6 address in brackets";
  return failed("bad_target", `address ${quote(withoutPassword(target))}: ${why}: ${remedy}`);
}

/** The names of ports that Go knows without a services file. */
const PORTS: Readonly<Record<string, number>> = {
  ftp: 21,
  ftps: 990,
  gopher: 70,
  http: 80,
  https: 443,
  imap2: 143,
  imap3: 220,
  imaps: 993,
  pop3: 110,
  pop3s: 995,
  smtp: 25,
  submissions: 465,
  ssh: 22,
  telnet: 23,
};
const MAX_PORT = 65_535;

/** The number of a port, written as one or by its name; an empty one is 0, as in Go. */
export function portNumber(
  text: string,
): { readonly kind: "port"; readonly number: number } | Failed {
  if (text === "") return { kind: "port", number: 0 };
  const name = text.toLowerCase();
  const number = /^\d{1,10}$/.test(text)
    ? Number(text)
    : Object.hasOwn(PORTS, name)
      ? PORTS[name]
      : undefined;
  if (number !== undefined && number <= MAX_PORT) return { kind: "port", number };
  return failed("bad_target", `port ${quote(text)} is not known: write a number, 1 to ${MAX_PORT}`);
}
