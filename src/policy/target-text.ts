import { familyOf } from "../runtime/address.ts";
import { hostOf } from "../target/target.ts";
import { readUrl } from "../target/web-url.ts";
import type { PortSubject } from "./rule.ts";

/** Where a target leads, as far as its text tells. */
export type TargetPlace = { readonly host: string; readonly port: PortSubject };

type Reader = (target: string) => TargetPlace;

const UNKNOWN_PORT = { kind: "unknown" } as const;
const PORTLESS = { kind: "portless" } as const;

/** The probers that read their target in a way of their own; any other is read as `host:port`. */
const READERS: Readonly<Record<string, Reader>> = {
  icmp: (target) => ({ host: hostOf(target), port: PORTLESS }),
  http: ofWebTarget,
  // Whether TLS is spoken, and so which port is meant, is the module's to say.
  grpc: (target) => ofUrl(withScheme(target, /^https?:\/\//i), {}),
  websocket: (target) => ofUrl(target, DEFAULT_PORTS),
  tcp: ofHostPort,
  // Port 53 or 853 is the module's to say.
  dns: ofHostPort,
};

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
};

/**
 * The host and port of a target as its prober will read them, so that a rule is asked about the place that is
 * connected to: of `http://a@b/` that is `b`, of `ws://0x7f.1/` 127.0.0.1.
 *
 * A text that its prober will refuse gives something or other: nothing is connected to then. The guard is asked
 * again with the host the prober found.
 *
 * @param prober Its name, `http` or `tcp`.
 */
export function readTarget(target: string, prober: string): TargetPlace {
  const reader = Object.hasOwn(READERS, prober) ? READERS[prober] : undefined;
  return (reader ?? ofHostPort)(target);
}

/** As it is written, by Go's reading of URLs: `127.1` is a name here, and so it is for the prober. */
function ofWebTarget(target: string): TargetPlace {
  const place = familyOf(target) === "ipv6" ? `[${target.replace("%", "%25")}]` : target;
  const read = readUrl(/^https?:\/\//i.test(target) ? target : `http://${place}`);
  // Its prober refuses it: no rule shall hold for what stands in it.
  if (read.kind !== "url") return { host: "", port: UNKNOWN_PORT };
  const { hostname, port, protocol } = read.url;
  const number = port === "" ? DEFAULT_PORTS[protocol] : Number(port);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: portSubject(number) };
}

function withScheme(target: string, scheme: RegExp): string {
  return scheme.test(target) ? target : `http://${target}`;
}

function ofUrl(text: string, defaultPorts: Readonly<Record<string, number>>): TargetPlace {
  if (!URL.canParse(text)) {
    // A bare IPv6 address behind the scheme that was put before it.
    const bare = text.replace(/^http:\/\//, "");
    const host = familyOf(bare) === undefined ? hostOf(text) : bare;
    return { host, port: UNKNOWN_PORT };
  }
  const { hostname, port, protocol } = new URL(text);
  const number = port === "" ? defaultPorts[protocol] : Number(port);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: portSubject(number) };
}

/** As Go's SplitHostPort; a text without a port is a host. */
function ofHostPort(target: string): TargetPlace {
  const [, bracketed, plain, port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(target) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined) {
    return { host: /^\[([^\]]*)\]$/.exec(target)?.[1] ?? target, port: UNKNOWN_PORT };
  }
  return { host, port: portSubject(/^\d{1,5}$/.test(port) ? Number(port) : undefined) };
}

function portSubject(port: number | undefined): PortSubject {
  return port === undefined ? UNKNOWN_PORT : { kind: "port", port };
}
