import type { AddressFamily } from "../../runtime/address.ts";
import type { TransportName } from "../transport.ts";

/** What came of trying a transport. */
export type Trial =
  | { readonly kind: "worked" }
  /** A part of it is not installed. @see reason A sentence without a full stop. */
  | { readonly kind: "absent"; readonly reason: string }
  /** A better one works. */
  | { readonly kind: "untried" }
  /** @see error An errno name where the kernel refused, else what the part said. */
  | { readonly kind: "refused"; readonly error: string };

export type FamilyFacts = {
  /** Whether any interface, loopback included, has an address of the family. */
  readonly hasAddress: boolean;
  readonly trials: Readonly<Record<TransportName, Trial>>;
};

/** `net.ipv4.ping_group_range`; empty when `low` is above `high`. It holds for both families. */
export type GroupRange = { readonly low: number; readonly high: number };

export type ProcessFacts = {
  readonly userId: number;
  /** The effective group first: the kernel looks at it and at the supplementary ones. */
  readonly groupIds: readonly number[];
  /**
   * CAP_NET_RAW: `effective` it is there; `missing` it could be had; `dropped` from the bounding set, so not by
   * anything this process may start.
   */
  readonly netRaw: "effective" | "missing" | "dropped" | "unknown";
  /** The `no_new_privs` bit: capabilities of files are ignored. */
  readonly isPrivilegeGainForbidden: boolean;
  /** Path of the Node program. */
  readonly executable: string;
};

/** What a diagnosis of the transports judges by. */
export type TransportFacts = Pick<SystemFacts, "process" | "pingGroupRange" | "families">;

/** Everything the diagnosis judges by, tried or read. Plain data, so that a table can be a test. */
export type SystemFacts = {
  readonly nodeVersion: string;
  readonly process: ProcessFacts;
  readonly pingGroupRange: GroupRange | undefined;
  readonly families: Readonly<Record<AddressFamily, FamilyFacts>>;
  /** As asked of a socket and as given, before the kernel doubles both; undefined when it cannot be asked. */
  readonly receiveBuffer:
    | { readonly wantedBytes: number; readonly grantedBytes: number }
    | undefined;
  readonly clockSource:
    | { readonly current: string; readonly available: readonly string[] }
    | undefined;
};
