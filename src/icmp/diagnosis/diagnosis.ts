import type { AddressFamily } from "../../runtime/address.ts";
import { TRANSPORT_NAMES, type TransportName } from "../transport.ts";
import type { Remedy } from "./remedies.ts";
import * as remedies from "./remedies.ts";
import type { TransportFacts, Trial } from "./system-facts.ts";

/** Whether one transport works here for one family, and if not what would make it. */
export type TransportDiagnosis = {
  readonly name: TransportName;
  readonly works: boolean;
  /** What it is good for when it works; else what is in its way. No full stop. */
  readonly why: string;
  /** Each of them is enough; none when it works. */
  readonly remedies: readonly Remedy[];
};

export type FamilyDiagnosis = {
  readonly family: AddressFamily;
  /** Whether any interface has an address of the family; nothing is tried without. */
  readonly isAvailable: boolean;
  /** Best first; empty unless the family is available. */
  readonly transports: readonly TransportDiagnosis[];
  /** The best that works. */
  readonly chosen: TransportName | undefined;
};

/** What else bears on the measurement. `note` is less than it could be, `fault` is wrong. */
export type Finding = {
  readonly subject: "receive_buffer" | "clock_source" | "node";
  readonly grade: "fine" | "note" | "fault";
  readonly says: string;
  readonly remedies: readonly Remedy[];
};

export type Diagnosis = {
  readonly families: readonly FamilyDiagnosis[];
  readonly findings: readonly Finding[];
};

/** Which transports work for each family, judged from what was tried. */
export function diagnoseFamilies(facts: TransportFacts): readonly FamilyDiagnosis[] {
  return (["ipv4", "ipv6"] as const).map((family) => diagnoseFamily(family, facts));
}

/** Whether echoes can be sent over every family that this machine has, and over one at least. */
export function isIcmpPossible(families: readonly FamilyDiagnosis[]): boolean {
  const available = families.filter(({ isAvailable }) => isAvailable);
  return available.length > 0 && available.every(({ chosen }) => chosen !== undefined);
}

function diagnoseFamily(family: AddressFamily, facts: TransportFacts): FamilyDiagnosis {
  const { hasAddress, trials } = facts.families[family];
  if (!hasAddress) return { family, isAvailable: false, transports: [], chosen: undefined };
  const transports = TRANSPORT_NAMES.flatMap((name) => {
    const trial = trials[name];
    return trial.kind === "untried" ? [] : diagnoseTransport(name, trial, facts);
  });
  const chosen = transports.find(({ works }) => works)?.name;
  return { family, isAvailable: true, transports, chosen };
}

const GOOD_FOR = {
  raw: "everything: kernel stamps, reasons of losses, every option",
  dgram: "kernel stamps and reasons of losses, at most 65,536 echoes in flight",
  "raw-socket":
    "times taken by this program instead of the kernel, no reasons of losses, no dont_fragment, dscp or mark",
  ping: "few targets, each with a process of its own, times rounded by that program, no dscp or mark",
} as const satisfies Readonly<Record<TransportName, string>>;

function diagnoseTransport(
  name: TransportName,
  trial: Tried,
  facts: TransportFacts,
): TransportDiagnosis {
  if (trial.kind === "worked") return { name, works: true, why: GOOD_FOR[name], remedies: [] };
  return { name, works: false, ...obstacle(name, trial, facts) };
}

type Obstacle = Pick<TransportDiagnosis, "why" | "remedies">;
type Tried = Exclude<Trial, { readonly kind: "untried" }>;
type Untaken = Exclude<Tried, { readonly kind: "worked" }>;

function obstacle(name: TransportName, trial: Untaken, facts: TransportFacts): Obstacle {
  if (trial.kind === "absent") {
    return { why: trial.reason, remedies: remedies.toInstall(name) };
  }
  switch (name) {
    case "raw":
      return rawObstacle(trial.error, facts);
    case "dgram":
      return dgramObstacle(trial.error, facts);
    case "raw-socket":
      return {
        why: `the package is there but opens no socket (${trial.error}): it needs CAP_NET_RAW as raw does`,
        remedies: [],
      };
    case "ping":
      return {
        why: `the program did not get an echo back from this machine: ${trial.error}`,
        remedies: remedies.forPingProgram(facts.process),
      };
  }
}

function isRefusal(error: string): boolean {
  return error === "EPERM" || error === "EACCES";
}

function rawObstacle(error: string, facts: TransportFacts): Obstacle {
  if (!isRefusal(error)) return { why: `the kernel has no such socket: ${error}`, remedies: [] };
  const { userId, netRaw } = facts.process;
  switch (netRaw) {
    case "effective":
      return {
        why: `${error} although this process has CAP_NET_RAW: a seccomp filter, a security module or a user namespace forbids it`,
        remedies: [remedies.liftFilter],
      };
    case "dropped":
      return {
        why: `CAP_NET_RAW was taken from this process and whatever it starts (user ${userId})`,
        remedies: remedies.toGiveBackNetRaw,
      };
    case "missing":
    case "unknown":
      return {
        why: `this process runs as user ${userId} without CAP_NET_RAW`,
        remedies: remedies.toGainNetRaw(facts.process),
      };
  }
}

function dgramObstacle(error: string, facts: TransportFacts): Obstacle {
  if (!isRefusal(error)) return { why: `the kernel has no such socket: ${error}`, remedies: [] };
  const { groupIds } = facts.process;
  const range = facts.pingGroupRange;
  if (range === undefined) {
    return {
      why: `${error}, and net.ipv4.ping_group_range cannot be read`,
      remedies: remedies.toOpenPingGroups(undefined, groupIds),
    };
  }
  const { low, high } = range;
  if (groupIds.some((group) => group >= low && group <= high)) {
    return {
      why: `${error} although net.ipv4.ping_group_range holds a group of this process: a seccomp filter or a security module forbids it`,
      remedies: [remedies.liftFilter],
    };
  }
  const whom = low > high ? "no group" : `groups ${low} to ${high}`;
  const own = groupIds.length === 1 ? "group" : "groups";
  return {
    why: `net.ipv4.ping_group_range allows ${whom}, this process has ${own} ${groupIds.join(", ")}`,
    remedies: remedies.toOpenPingGroups(range, groupIds),
  };
}
