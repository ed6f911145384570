import { networkInterfaces } from "node:os";
import type { Resolve } from "../resolve/resolution.ts";
import type { Address, AddressFamily } from "../runtime/address.ts";
import { quote } from "../runtime/found.ts";
import { hostOf } from "../target/target.ts";
import type { PingFailure } from "./ping.ts";

/** Which addresses may be taken, and which rather. */
export type FamilyWish = {
  /** Only this one; undefined for either. */
  readonly only: AddressFamily | undefined;
  readonly preferred: AddressFamily;
};

export type Aim =
  | { readonly kind: "aimed"; readonly address: Address }
  | { readonly kind: "failed"; readonly failure: PingFailure };

const FAMILY_NAMES = { ipv4: "IPv4", ipv6: "IPv6" } as const;

/** Finds the address of a name, or says why there is none. A URL or `host:port` is reduced to its host. */
export async function aimAt(
  name: string,
  wish: FamilyWish,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<Aim> {
  const resolution = await resolve(hostOf(name), signal);
  if (resolution.kind === "failed") {
    return { kind: "failed", failure: { reason: resolution.reason, detail: resolution.detail } };
  }
  const { addresses } = resolution;
  const wanted = wish.only ?? wish.preferred;
  const address =
    addresses.find(({ family }) => family === wanted) ??
    (wish.only === undefined ? addresses[0] : undefined);
  if (address !== undefined) return { kind: "aimed", address };
  const detail = `${quote(name)} has no ${FAMILY_NAMES[wanted]} address`;
  return { kind: "failed", failure: { reason: "dns_no_address", detail } };
}

/**
 * The family to take where a name has both: IPv6 if this machine can be reached by it from elsewhere, as the rules
 * of RFC 6724 section 5 come to for global destinations; a name must not fail for want of a route.
 */
export function preferredFamily(
  open: ReadonlySet<AddressFamily>,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): AddressFamily {
  if (!open.has("ipv4")) return "ipv6";
  if (!open.has("ipv6")) return "ipv4";
  const hasGlobal = Object.values(interfaces).some((addresses = []) =>
    addresses.some(
      ({ family, internal, address }) => family === "IPv6" && !internal && /^[23]/.test(address),
    ),
  );
  return hasGlobal ? "ipv6" : "ipv4";
}
