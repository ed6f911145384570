import type { Address, AddressFamily } from "../runtime/address.ts";

/** Why a name has no address. A part of the one list of reasons (`probe/prober.ts`). */
export const RESOLVE_FAILURES = [
  "dns_nxdomain",
  "dns_no_address",
  "dns_timeout",
  "dns_refused",
  "dns_server_failure",
  "dns_bad_name",
] as const;
export type ResolveFailure = (typeof RESOLVE_FAILURES)[number];

/** How one question for the addresses of a name ended. */
export type Resolution =
  | {
      readonly kind: "resolved";
      /** At least one; in the order the server gave them, IPv6 and IPv4 apart by `family`. */
      readonly addresses: readonly Address[];
      /**
       * How long the answer may be kept, already within `min_ttl` and `max_ttl`; of one that was
       * kept before, what is left of that.
       */
      readonly ttlSeconds: number;
      /** True when the refresh failed and this is the last good answer. */
      readonly isStale: boolean;
    }
  | {
      readonly kind: "failed";
      readonly reason: ResolveFailure;
      /** One sentence with the name and what the servers said. */
      readonly detail: string;
    };

/** Which family to take, as modules say it (`preferred_ip_protocol`, `ip_protocol_fallback`). */
export type FamilyChoice = {
  readonly preferred: AddressFamily;
  readonly isFallbackAllowed: boolean;
};

/**
 * Asks for the addresses of a name. Never rejects for a name that does not resolve; rejects with the
 * signal's reason when that is aborted.
 */
export type Resolve = (name: string, signal: AbortSignal) => Promise<Resolution>;
