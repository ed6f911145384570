import { chooseAddress, familyChoice } from "../resolve/choose.ts";
import type { FamilyChoice } from "../resolve/resolution.ts";
import {
  type Address,
  addressBytes,
  addressText,
  isIpv4Mapped,
  parseAddress,
} from "../runtime/address.ts";
import type { Attempt, BaseTools } from "./attempt.ts";
import { unlessAborted } from "./deadline.ts";
import { type Failed, failed, refused } from "./failure.ts";

export type FoundAddress = { readonly kind: "found"; readonly address: Address } | Failed;

/** The two keys by which blackbox_exporter's modules choose among the addresses of a name. */
export type FamilyOptions = {
  readonly preferred_ip_protocol: string;
  readonly ip_protocol_fallback: boolean;
};

/**
 * The one address a host is connected to: it itself, or what its name resolves to now. The time of
 * the look-up is the phase `resolve`.
 *
 * @param host A name, or an address without brackets.
 * @param isFirst Whether the address and the time of the look-up are those of the outcome.
 * @throws the reason of the attempt's signal.
 */
export async function findAddress(
  host: string,
  options: FamilyOptions,
  attempt: Attempt<BaseTools>,
  isFirst = true,
): Promise<FoundAddress> {
  const { tools, stages, log, signal } = attempt;
  const choice = familyChoice(options.preferred_ip_protocol, options.ip_protocol_fallback);
  const literal = literalOf(host);
  if (literal !== undefined) {
    // As blackbox_exporter: an address of the family that may not be taken is none.
    const address = chooseAddress([literal], choice);
    if (address === undefined) return noWantedAddress(host, choice);
    if (isFirst) attempt.address = address;
    return { kind: "found", address };
  }
  stages.enter("resolve");
  const begunSeconds = tools.clock.monotonicSeconds();
  const resolution = await unlessAborted(tools.resolve(host, signal), signal);
  const lookupSeconds = tools.clock.monotonicSeconds() - begunSeconds;
  stages.enter("prepare");
  if (isFirst) attempt.lookupSeconds = lookupSeconds;
  if (resolution.kind === "failed") return failed(resolution.reason, resolution.detail);
  const address = chooseAddress(resolution.addresses, choice);
  if (address === undefined) return noWantedAddress(host, choice);
  if (isFirst) attempt.address = address;
  log.add("info", "Resolved target address", {
    host,
    address: address.text,
    seconds: lookupSeconds,
  });
  return { kind: "found", address };
}

/** As Go reads it, an IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is an IPv4 address. */
function literalOf(host: string): Address | undefined {
  const bytes = addressBytes(host);
  if (bytes === undefined || !isIpv4Mapped(bytes)) return parseAddress(host);
  return { text: addressText(bytes.subarray(12)), family: "ipv4" };
}

function noWantedAddress(host: string, { preferred }: FamilyChoice): Failed {
  const wanted = preferred === "ipv6" ? "IPv6" : "IPv4";
  return failed("dns_no_address", `${host} has no ${wanted} address and no other may be taken`);
}

/** The guard's word on an address about to be connected to; undefined when it has nothing against it. */
export function policyFailure(
  hop: { readonly address: Address; readonly port: number | undefined; readonly host: string },
  { tools, request }: Attempt<BaseTools>,
  isFirst = true,
): Failed | undefined {
  const { address, port, host } = hop;
  const verdict = tools.guard({ address: address.text, port, host }, request.permit, isFirst);
  return verdict.kind === "refused" ? refused(verdict) : undefined;
}
