import type { AddressFamily } from "../../runtime/address.ts";
import type { LossReason } from "../echo.ts";

/** Codes of type 3. @see RFC 792 page 4, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1. */
const UNREACHABLE_V4: readonly LossReason[] = [
  "net_unreachable",
  "host_unreachable",
  "protocol_unreachable",
  "port_unreachable",
  "packet_too_big",
  "net_unreachable",
  "net_unreachable",
  "host_unreachable",
  "host_unreachable",
  "prohibited",
  "prohibited",
  "net_unreachable",
  "host_unreachable",
  "prohibited",
  "prohibited",
  "prohibited",
];

/** Codes of type 1. @see RFC 4443 section 3.1. */
const UNREACHABLE_V6: readonly LossReason[] = [
  "net_unreachable",
  "prohibited",
  "net_unreachable",
  "host_unreachable",
  "port_unreachable",
  "prohibited",
  "prohibited",
];

/** The reason an ICMP error gives for a loss; undefined for one that gives none. */
export function lossReason(
  family: AddressFamily,
  type: number,
  code: number,
): LossReason | undefined {
  if (family === "ipv4") {
    if (type === 3) return UNREACHABLE_V4[code];
    return type === 11 ? "ttl_exceeded" : undefined;
  }
  if (type === 1) return UNREACHABLE_V6[code];
  if (type === 2) return "packet_too_big";
  if (type === 3) return "ttl_exceeded";
  // Parameter problem, code 1: the next header was not recognised (RFC 4443 section 3.4).
  return type === 4 && code === 1 ? "protocol_unreachable" : undefined;
}
