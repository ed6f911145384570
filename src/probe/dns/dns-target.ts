import { quote } from "../../runtime/found.ts";
import { withoutPassword } from "../../runtime/secrets.ts";
import { type Failed, failed } from "../failure.ts";
import { portNumber, splitHostPort } from "../host-port.ts";

/** @see RFC 1035 section 4.2; RFC 7858 section 3.1 (over TLS) */
const DEFAULT_PORT = { plain: 53, tls: 853 } as const;
const MAX_TARGET_CHARACTERS = 2048;

export type DnsTarget = {
  readonly kind: "target";
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
};

/** `host` where there is one, and only what stands behind its colon is no port. */
export type UnreadDnsTarget = Failed & { readonly host?: string };

/**
 * A name server: `host`, `host:port`, or an address, of IPv6 in brackets where a port follows. As blackbox_exporter,
 * whatever cannot be split into host and port is a host.
 */
export function dnsTarget(target: string, isTls: boolean): DnsTarget | UnreadDnsTarget {
  if (target.length > MAX_TARGET_CHARACTERS) {
    return failed("bad_target", `the target has ${target.length} characters`);
  }
  const parts = splitHostPort(target);
  const host = parts.kind === "split" ? parts.host : target.replace(/^\[([^\]]*)\]$/, "$1");
  if (host === "") {
    const remedy = "write for example 192.0.2.1, or 192.0.2.1:53";
    return failed("bad_target", `${quote(withoutPassword(target))} has no host: ${remedy}`);
  }
  if (parts.kind === "failed") {
    return { kind: "target", host, port: isTls ? DEFAULT_PORT.tls : DEFAULT_PORT.plain };
  }
  const port = portNumber(parts.port);
  if (port.kind === "failed") return { ...port, host };
  if (port.number === 0)
    return failed("bad_target", `${quote(withoutPassword(target))} has no port behind its colon`);
  return { kind: "target", host, port: port.number };
}
