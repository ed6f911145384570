import { chooseAddress, familyChoice } from "../resolve/choose.ts";
import { type Address, parseAddress } from "../runtime/address.ts";
import type { Attempt } from "./attempt.ts";
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
  attempt: Attempt,
  isFirst = true,
): Promise<FoundAddress> {
  const { tools, stages, log, signal } = attempt;
  const literal = parseAddress(host);
  if (literal !== undefined) {
    if (isFirst) attempt.address = literal;
    return { kind: "found", address: literal };
  }
  stages.enter("resolve");
  const begunSeconds = tools.clock.monotonicSeconds();
  const resolution = await unlessAborted(tools.resolve(host, signal), signal);
  const lookupSeconds = tools.clock.monotonicSeconds() - begunSeconds;
  stages.enter("prepare");
  if (isFirst) attempt.lookupSeconds = lookupSeconds;
  if (resolution.kind === "failed") return failed(resolution.reason, resolution.detail);
  const choice = familyChoice(options.preferred_ip_protocol, options.ip_protocol_fallback);
  const address = chooseAddress(resolution.addresses, choice);
  if (address === undefined) {
    const wanted = choice.preferred === "ipv6" ? "IPv6" : "IPv4";
    return failed("dns_no_address", `${host} has no ${wanted} address and no other may be taken`);
  }
  if (isFirst) attempt.address = address;
  log.add("info", "Resolved target address", {
    host,
    address: address.text,
    seconds: lookupSeconds,
  });
  return { kind: "found", address };
}

/** The guard's word on an address about to be connected to; undefined when it has nothing against it. */
export function policyFailure(
  hop: { readonly address: Address; readonly port: number; readonly host: string },
  { tools, request }: Attempt,
  isFirst = true,
): Failed | undefined {
  const { address, port, host } = hop;
  const verdict = tools.guard({ address: address.text, port, host }, request.permit, isFirst);
  return verdict.kind === "refused" ? refused(verdict) : undefined;
}
