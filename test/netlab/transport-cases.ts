import assert from "node:assert/strict";
import { LOSS_REASONS } from "../../src/icmp/echo.ts";
import { assertCountsEqual, type IcmpFigures } from "./icmp-figures.ts";
import type { ModuleKeys, Pace } from "./measuring.ts";
import type { HostRecord } from "./record.ts";
import { assertNothingElse } from "./reply-claims.ts";
import type { HostScript } from "./script.ts";

export type Family = "ipv4" | "ipv6";

/** What a case is judged by. The lab has fallen silent, so nothing is on its way any more. */
export type Observed = {
  readonly family: Family;
  readonly pace: Pace;
  /** From the page before the silence. */
  readonly live: IcmpFigures;
  readonly figures: IcmpFigures;
  /** Of the device behind which the case's host is. */
  readonly record: HostRecord;
};

/** One thing that every transport must do, with a host of each family. */
export type TransportCase = {
  readonly name: string;
  readonly families?: readonly Family[];
  /** @param router An address of the host's family that is not the host. */
  readonly script: (router: string, pace: Pace) => HostScript;
  /** Keys of `icmp:` of the target's module. */
  readonly module?: (family: Family) => ModuleKeys;
  /** Behind the second device, `SECOND_DEVICE`. */
  readonly isBehindSecond?: boolean;
  /** The kernel refuses to send to it. */
  readonly isProhibited?: boolean;
  readonly check: (observed: Observed) => void;
};

export const SECOND_DEVICE = "lab1";
export const SECOND_SOURCES = { ipv4: "10.99.0.2", ipv6: "fd99::2" } as const;
export const MARK = 0x2a;
const DSCP_EXPEDITED = 46;
const DELAY_SECONDS = 0.03;
const STEADY: HostScript = { delaySeconds: DELAY_SECONDS };
/** Half of what the program `ping` listens on after the timeout at least. */
const LATE_BY_SECONDS = 0.5;
/** Every second request, so that the host is known to answer as well. */
const when = { every: 2 };

/** Every echo answered, in time, and nothing besides. */
function assertAllAnswered({ live, record, pace }: Observed): void {
  assertCountsEqual(live, record, pace.timeoutSeconds);
  assert.ok(live.echoes > 0);
  assert.deepEqual([live.lost, live.suspect, live.up], [0, 0, 1]);
  assertNothingElse(live, [], record.address);
}

/** As recorded, and besides right replies only what `counter` counts. */
function assertCounted(
  observed: Observed,
  counter: "lateReplies" | "duplicateReplies" | "corruptReplies" | undefined,
  count: number,
): void {
  const { figures, record, pace } = observed;
  assertCountsEqual(figures, record, pace.timeoutSeconds);
  assert.ok(count > 0, `${record.address}: nothing of the kind was sent`);
  if (counter !== undefined) assert.equal(figures[counter], count, `${record.address}: ${counter}`);
  const besides = counter === undefined ? [] : [counter, "reorderedReplies" as const];
  assertNothingElse(figures, besides, record.address);
}

function assertEveryEcho<Key extends keyof HostRecord["echoes"][number]>(
  { record }: Observed,
  key: Key,
  value: HostRecord["echoes"][number][Key],
): void {
  assert.ok(record.echoes.length > 0, record.address);
  const seen = new Set(record.echoes.map((echo) => echo[key]));
  assert.deepEqual([...seen], [value], `${record.address}: ${key}`);
}

const REPLIES: readonly TransportCase[] = [
  {
    name: "an answered echo has a time no shorter than its reply was held",
    script: () => STEADY,
    check: (observed) => {
      assertAllAnswered(observed);
      assert.ok((observed.live.lastRttSeconds ?? 0) >= DELAY_SECONDS);
    },
  },
  {
    name: "an answered echo has the hop limit of its reply",
    script: () => ({ ...STEADY, hopLimit: 57 }),
    check: (observed) => {
      assertAllAnswered(observed);
      assert.equal(observed.live.replyHopLimit, 57);
    },
  },
  {
    name: "a silent host loses every echo",
    script: () => ({ loss: { probability: 1 } }),
    check: ({ figures, record, pace }) => {
      assertCountsEqual(figures, record, pace.timeoutSeconds);
      assert.deepEqual([figures.lost, figures.up], [figures.echoes, 0]);
      assert.deepEqual([figures.suspect, figures.rtt.count], [0, 0]);
    },
  },
  {
    name: "a late reply is counted, and its echo stays lost",
    script: (_, { timeoutSeconds }) => ({
      late: { when, holdSeconds: timeoutSeconds + LATE_BY_SECONDS },
    }),
    check: (observed) => assertCounted(observed, "lateReplies", observed.record.totals.fates.late),
  },
  {
    name: "a second reply is a duplicate",
    script: () => ({ duplicate: { when, copies: 2, spacingSeconds: 0.01 } }),
    check: (observed) =>
      assertCounted(observed, "duplicateReplies", observed.record.totals.packets.duplicate),
  },
  {
    name: "a damaged payload is corrupt and ends nothing",
    script: () => ({ delaySeconds: 0.01, corrupt: { damage: "payload", when } }),
    check: (observed) =>
      assertCounted(observed, "corruptReplies", observed.record.totals.packets.corrupt),
  },
  {
    name: "the right reply behind a damaged one answers",
    script: () => ({ corrupt: { damage: "payload", alsoAnswers: true } }),
    check: (observed) =>
      assertCounted(observed, "corruptReplies", observed.record.totals.packets.corrupt),
  },
  {
    name: "a reply cut short is corrupt",
    script: () => ({ truncate: { toBytes: 20, when } }),
    check: (observed) =>
      assertCounted(observed, "corruptReplies", observed.record.totals.packets.truncated),
  },
  {
    name: "a reply shorter than a header changes nothing",
    script: () => ({ truncate: { toBytes: 5, alsoAnswers: true } }),
    check: (observed) =>
      assertCounted(observed, undefined, observed.record.totals.packets.truncated),
  },
  ...(
    [
      ["source", (router: string) => ({ source: router })],
      ["cookie", () => ({ invertedBytes: 8 })],
      ["identifier", () => ({ identifierOffset: 0x4000 })],
      ["sequence number", () => ({ sequenceOffset: 0x4000 })],
    ] as const
  ).flatMap(([what, forgery]) =>
    [true, false].map(
      (alsoAnswers): TransportCase => ({
        name: `a reply with a forged ${what} answers nothing${alsoAnswers ? ", the right one behind it does" : ""}`,
        script: (router) => ({
          forge: { ...forgery(router), alsoAnswers, ...(alsoAnswers ? {} : { when }) },
        }),
        check: (observed) =>
          assertCounted(observed, undefined, observed.record.totals.packets.forged),
      }),
    ),
  ),
  // Ping sockets take identifiers one after the other, so some of these are another socket's of the agent.
  ...[1, 2, 3, 4].map(
    (identifierOffset): TransportCase => ({
      name: `a reply with an identifier ${identifierOffset} further answers nothing, the right one does`,
      script: () => ({ forge: { identifierOffset, alsoAnswers: true } }),
      check: (observed) =>
        assertCounted(observed, undefined, observed.record.totals.packets.forged),
    }),
  ),
];

const ERRORS: readonly TransportCase[] = [
  ...LOSS_REASONS.map(
    (says): TransportCase => ({
      name: `${says} is the reason of a loss`,
      script: (from) => ({ error: { says, from, when, mtuBytes: 1400 } }),
      // Nobody says so of a packet that may be fragmented (RFC 1191 section 4); a ping socket would not pass it on.
      module: (): ModuleKeys => (says === "packet_too_big" ? { dont_fragment: true } : {}),
      check: (observed) => {
        const { fates } = observed.record.totals;
        assertCounted(observed, undefined, fates.error);
        assert.deepEqual(observed.figures.lostByReason, { [says]: fates.error });
      },
    }),
  ),
  {
    name: "an ICMP error makes no loss of an echo that is answered in time",
    script: (from) => ({
      delaySeconds: 0.02,
      error: { says: "host_unreachable", from, alsoAnswers: true },
    }),
    check: (observed) => {
      assertAllAnswered(observed);
      assert.ok(observed.record.totals.packets.error > 0);
      const explained = Object.values(observed.figures.lostByReason).filter((count) => count > 0);
      assert.deepEqual(explained, []);
    },
  },
  {
    name: "what the kernel refuses to send is unsent, and no loss",
    isProhibited: true,
    script: () => ({}),
    check: ({ figures, record }) => {
      assert.ok(figures.unsent > 0);
      assert.deepEqual([figures.echoes, figures.lost, figures.suspect], [0, 0, 0]);
      assert.equal(record.totals.received, 0);
    },
  },
];

const OPTIONS: readonly TransportCase[] = [
  ...[1, 8, 56, 1472, 8000].map(
    (bytes): TransportCase => ({
      name: `an echo of ${bytes} bytes of data`,
      script: () => STEADY,
      module: () => ({ payload_size: bytes }),
      check: (observed) => {
        assertAllAnswered(observed);
        assertEveryEcho(observed, "payloadBytes", bytes);
      },
    }),
  ),
  ...[9, 255].map(
    (ttl): TransportCase => ({
      name: `echoes leave with a hop limit of ${ttl}`,
      script: () => STEADY,
      module: () => ({ ttl }),
      check: (observed) => {
        assertAllAnswered(observed);
        assertEveryEcho(observed, "hopLimit", ttl);
      },
    }),
  ),
  {
    name: "echoes leave from the source address that was asked for",
    script: () => STEADY,
    module: (family) => ({ source_ip_address: SECOND_SOURCES[family] }),
    check: (observed) => {
      assertAllAnswered(observed);
      assertEveryEcho(observed, "source", SECOND_SOURCES[observed.family]);
    },
  },
  {
    name: "echoes leave by the interface that was asked for",
    script: () => STEADY,
    module: () => ({ interface: SECOND_DEVICE }),
    isBehindSecond: true,
    check: assertAllAnswered,
  },
  {
    name: "echoes leave with the differentiated services code point that was asked for",
    script: () => STEADY,
    module: () => ({ dscp: DSCP_EXPEDITED }),
    check: (observed) => {
      assertAllAnswered(observed);
      assertEveryEcho(observed, "trafficClass", DSCP_EXPEDITED << 2);
    },
  },
  ...[true, false].map(
    (isForbidden): TransportCase => ({
      name: `DF is ${isForbidden ? "set" : "not set"} as was asked for`,
      // IPv6 routers never fragment, so there is nothing to forbid (RFC 8200 section 5).
      families: ["ipv4"],
      script: () => STEADY,
      module: () => ({ dont_fragment: isForbidden }),
      check: (observed) => {
        assertAllAnswered(observed);
        assertEveryEcho(observed, "isFragmentingForbidden", isForbidden);
      },
    }),
  ),
  {
    name: "echoes carry the firewall mark that was asked for",
    // The firewall of the suite lets nothing without the mark through to this host.
    script: () => STEADY,
    module: () => ({ mark: MARK }),
    check: assertAllAnswered,
  },
];

/** The list that every transport passes, but for what `LACKS` says of it. */
export const TRANSPORT_CASES: readonly TransportCase[] = [...REPLIES, ...ERRORS, ...OPTIONS];
