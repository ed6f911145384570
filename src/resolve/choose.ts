import type { Address } from "../runtime/address.ts";
import type { FamilyChoice } from "./resolution.ts";

/**
 * The address a probe goes to, by blackbox_exporter's rule: the first of the preferred family;
 * without one and with fallback allowed the *last* of the other family.
 *
 * @returns undefined when no address may be taken.
 */
export function chooseAddress(
  addresses: readonly Address[],
  choice: FamilyChoice,
): Address | undefined {
  const preferred = addresses.find(({ family }) => family === choice.preferred);
  if (preferred !== undefined || !choice.isFallbackAllowed) return preferred;
  return addresses.at(-1);
}

/**
 * What a module's `preferred_ip_protocol` and `ip_protocol_fallback` mean. As in
 * blackbox_exporter nothing and `ip6` are IPv6 and any other text is IPv4.
 */
export function familyChoice(
  preferredIpProtocol: string,
  isFallbackAllowed: boolean,
): FamilyChoice {
  const isIpv6 = preferredIpProtocol === "" || preferredIpProtocol === "ip6";
  return { preferred: isIpv6 ? "ipv6" : "ipv4", isFallbackAllowed };
}
