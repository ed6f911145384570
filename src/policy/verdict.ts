import type { PolicyOptions } from "./options.ts";

/** One decision. `rule` is a short bounded name, the value of the label `rule`. */
export type Verdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly rule: string; readonly sentence: string };

/** One connection about to be made: first hop or redirect. What is asked of a proxy: `proxied-hop.ts`. */
export type Hop = {
  /** For the prober `unix` the path. */
  readonly address: string;
  /** Undefined for ICMP and unix sockets. */
  readonly port: number | undefined;
  /** The name in the URL or target that led here. */
  readonly host: string;
};

/** What an admitted probe may connect to. Plain data: it crosses to the probe worker. */
export type Permit =
  /** Written by the operator: the first hop is free, redirects obey `deny` and the never-list. */
  | { readonly kind: "continuous" }
  /** Admitted by its target string: every hop obeys `deny` and the never-list. */
  | { readonly kind: "deny_only" }
  /** Admitted by rules of `allow`: every hop must also match one of them. */
  | { readonly kind: "rules"; readonly rules: PolicyOptions["allow"]; readonly module: string }
  /** This one unix socket and nothing of the network. */
  | { readonly kind: "path"; readonly path: string };

/** An address and port this agent listens on; the address may be a wildcard. */
export type ListenAddress = { readonly address: string; readonly port: number };

/** All that a guard needs; plain data. */
export type GuardData = {
  readonly deny: PolicyOptions["deny"];
  readonly listen: readonly ListenAddress[];
};

/** Checks a hop on its address, after unwrapping IPv4-mapped, NAT64, 6to4 and Teredo forms. */
export type Guard = (hop: Hop, permit: Permit, isFirstHop: boolean) => Verdict;
