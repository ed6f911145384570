import type { FamilyFacts, SystemFacts, Trial } from "../../../src/icmp/diagnosis/system-facts.ts";

export const worked: Trial = { kind: "worked" };
export const refused = (error: string): Trial => ({ kind: "refused", error });
export const absent = (reason: string): Trial => ({ kind: "absent", reason });

export function family(trials: Partial<FamilyFacts["trials"]> = {}): FamilyFacts {
  return {
    hasAddress: true,
    trials: { raw: worked, dgram: worked, "raw-socket": worked, ping: worked, ...trials },
  };
}

/** A machine on which all is well, but for what is said. */
export function facts(
  differences: Partial<Omit<SystemFacts, "process">> & {
    readonly process?: Partial<SystemFacts["process"]>;
  } = {},
): SystemFacts {
  return {
    nodeVersion: "v24.11.0",
    pingGroupRange: { low: 0, high: 2_147_483_647 },
    families: { ipv4: family(), ipv6: family() },
    receiveBuffer: { wantedBytes: 8_388_608, grantedBytes: 8_388_608 },
    clockSource: { current: "tsc", available: ["tsc", "hpet"] },
    ...differences,
    process: {
      userId: 0,
      groupIds: [0],
      netRaw: "effective",
      isPrivilegeGainForbidden: false,
      executable: "/usr/bin/node",
      ...differences.process,
    },
  };
}

/** The process of an ordinary user on a machine that gives it no right to ICMP sockets. */
export const ORDINARY = {
  userId: 1000,
  groupIds: [1000, 27],
  netRaw: "missing",
  isPrivilegeGainForbidden: false,
} as const;

const ofOrdinary = family({
  raw: refused("EPERM"),
  dgram: refused("EACCES"),
  "raw-socket": refused("Operation not permitted"),
});

export const ordinaryFacts = facts({
  process: ORDINARY,
  pingGroupRange: { low: 1, high: 0 },
  families: { ipv4: ofOrdinary, ipv6: ofOrdinary },
});
