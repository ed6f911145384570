import assert from "node:assert/strict";
import type { IcmpFigures } from "./icmp-figures.ts";
import type { HostRecord } from "./record.ts";
import type { ErrorName, HostScript } from "./script.ts";

/** Beyond any deadline of less than the interval, and beyond that of the echo after it. */
const LATE_SECONDS = 1.2;

/** One thing that may come besides right replies, and what the agent must make of it. */
export type Claim = {
  readonly name: string;
  /** @param router An address of the host's family. */
  readonly script: (router: string) => HostScript;
  /**
   * What the finished echoes of the record and all packets sent add up to. By then the lab has
   * fallen silent, so nothing is on its way any more.
   */
  readonly check: (figures: IcmpFigures, record: HostRecord, family: "IPv4" | "IPv6") => void;
};

/** Counters that an ordinary host leaves at 0; a claim takes out what it is about. */
export function assertNothingElse(
  figures: IcmpFigures,
  besides: readonly (keyof IcmpFigures)[],
  about: string,
): void {
  const all = ["lateReplies", "duplicateReplies", "reorderedReplies", "corruptReplies"] as const;
  for (const name of all) {
    if (!besides.includes(name)) assert.equal(figures[name], 0, `${about}: ${name}`);
  }
}

const ERRORS: readonly ErrorName[] = [
  "net_unreachable",
  "host_unreachable",
  "port_unreachable",
  "protocol_unreachable",
  "prohibited",
  "ttl_exceeded",
  "packet_too_big",
];

export const REPLY_CLAIMS: readonly Claim[] = [
  {
    name: "duplicate replies are counted apart and change nothing else",
    script: () => ({ duplicate: { copies: 3, when: { every: 2 }, spacingSeconds: 0.01 } }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.duplicate > 0);
      assert.equal(figures.duplicateReplies, record.totals.packets.duplicate);
      assertNothingElse(figures, ["duplicateReplies"], record.address);
    },
  },
  {
    name: "late replies are counted apart, their echoes stay lost",
    script: () => ({ late: { when: { every: 2 }, holdSeconds: LATE_SECONDS } }),
    check: (figures, record) => {
      assert.ok(record.totals.fates.late > 0);
      assert.equal(figures.lateReplies, record.totals.fates.late);
      assertNothingElse(figures, ["lateReplies", "reorderedReplies"], record.address);
    },
  },
  {
    name: "replies with a damaged payload are counted apart and do not end their echoes",
    script: () => ({ delaySeconds: 0.005, corrupt: { damage: "payload", when: { every: 2 } } }),
    check: (figures, record) => {
      assert.ok(record.totals.fates.corrupt > 0);
      assert.equal(figures.corruptReplies, record.totals.packets.corrupt);
      assertNothingElse(figures, ["corruptReplies"], record.address);
    },
  },
  {
    name: "a damaged reply before the right one is counted and loses nothing",
    script: () => ({ corrupt: { damage: "payload", alsoAnswers: true } }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.corrupt > 0);
      assert.equal(figures.corruptReplies, record.totals.packets.corrupt);
      assertNothingElse(figures, ["corruptReplies"], record.address);
    },
  },
  {
    name: "replies under a wrong checksum answer nothing",
    script: () => ({ corrupt: { damage: "checksum", when: { every: 2 } } }),
    check: (figures, record, family) => {
      assert.ok(record.totals.packets.corrupt > 0);
      // The kernel throws away ICMPv6 with a wrong checksum before any socket sees it.
      const seen = family === "IPv4" ? record.totals.packets.corrupt : 0;
      assert.equal(figures.corruptReplies, seen);
      assertNothingElse(figures, ["corruptReplies"], record.address);
    },
  },
  {
    name: "replies cut short count as corrupt",
    script: () => ({ truncate: { toBytes: 20, when: { every: 2 } } }),
    check: (figures, record) => {
      assert.ok(record.totals.fates.truncated > 0);
      assert.equal(figures.corruptReplies, record.totals.packets.truncated);
      assertNothingElse(figures, ["corruptReplies"], record.address);
    },
  },
  {
    name: "replies shorter than an ICMP header change nothing",
    script: () => ({ truncate: { toBytes: 5, alsoAnswers: true } }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.truncated > 0);
      assertNothingElse(figures, [], record.address);
    },
  },
  {
    name: "replies from another address change nothing",
    script: (router) => ({ forge: { source: router, alsoAnswers: true } }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.forged > 0);
      assertNothingElse(figures, [], record.address);
    },
  },
  {
    name: "replies with another identifier change nothing",
    script: () => ({ forge: { identifierOffset: 1, alsoAnswers: true } }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.forged > 0);
      assertNothingElse(figures, [], record.address);
    },
  },
  {
    name: "replies with another sequence number change nothing",
    script: () => ({ forge: { sequenceOffset: 1, when: { every: 2 } } }),
    check: (figures, record) => {
      assert.ok(record.totals.fates.forged > 0);
      assertNothingElse(figures, [], record.address);
    },
  },
  {
    name: "a flood of stray packets of its own identifier changes nothing",
    script: () => ({
      delaySeconds: 0.003,
      flood: { packetsPerSecond: 500, packet: "echo_reply_of_last_identifier" },
    }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.flood > 100);
      assert.equal(figures.lateReplies + figures.duplicateReplies, 0);
    },
  },
  {
    name: "a host that goes up and down is lost when it is down",
    script: () => ({ flap: { upSeconds: 2, downSeconds: 2 } }),
    check: (figures, record) => {
      assert.ok(record.totals.fates.down > 0);
      assertNothingElse(figures, [], record.address);
    },
  },
  ...ERRORS.map(
    (says): Claim => ({
      name: `${says} from a router is the reason of a loss, and a reply overrules it`,
      script: (router) => ({
        error: { says, from: router, when: { every: 2 }, mtuBytes: 1400 },
      }),
      check: (figures, record, family) => {
        const { fates } = record.totals;
        assert.ok(fates.error > 0);
        assertNothingElse(figures, [], record.address);
        // ICMPv6 has no such error; what comes nearest may be named or not.
        if (says === "protocol_unreachable" && family === "IPv6") return;
        assert.deepEqual(figures.lostByReason, { [says]: fates.error });
      },
    }),
  ),
  {
    name: "an error before a reply in time explains nothing",
    script: (router) => ({
      error: { says: "host_unreachable", from: router, alsoAnswers: true },
    }),
    check: (figures, record) => {
      assert.ok(record.totals.packets.error > 0);
      assert.deepEqual(
        Object.values(figures.lostByReason).filter((count) => count > 0),
        [],
      );
    },
  },
];
