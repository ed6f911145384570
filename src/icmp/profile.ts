import type { AddressFamily } from "../runtime/address.ts";
import type { SocketProfile } from "./echo.ts";
import type { IcmpOptions } from "./options.ts";

/** What blackbox_exporter's `ttl: 0` means: the system's default, which is 64 everywhere. */
const DEFAULT_HOP_LIMIT = 64;

/**
 * The socket that a module's echoes to one family need.
 *
 * `dont_fragment` is an IPv4 matter: IPv6 routers never fragment (RFC 8200 section 5).
 */
export function profileOf(options: IcmpOptions, family: AddressFamily): SocketProfile {
  return {
    family,
    source: options.source_ip_address,
    interface: options.interface,
    mark: options.mark,
    dscp: options.dscp,
    hopLimit: options.ttl === 0 ? DEFAULT_HOP_LIMIT : options.ttl,
    isFragmentingForbidden: options.dont_fragment && family === "ipv4",
  };
}

/** Data bytes of an echo; `payload_size: 0` is the 28 bytes of blackbox_exporter's text. */
export function payloadBytesOf(options: IcmpOptions): number {
  return options.payload_size === 0 ? 28 : options.payload_size;
}
