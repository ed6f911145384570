import assert from "node:assert/strict";
import { test } from "node:test";
import { type EchoOutcome, LOSS_REASONS, type LossReason } from "../../src/icmp/echo.ts";
import { sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import type { IcmpFigures } from "./icmp-figures.ts";
import { type Measured, type Measurement, measuring, TIMEOUT_SECONDS } from "./measuring.ts";
import { ip } from "./network.ts";
import type { RecordedEcho, Totals } from "./record.ts";
import type { HostScript } from "./script.ts";

const skip = (await canRunLab()) ?? false;

type Family = "ipv4" | "ipv6";
/** Every kind of ending, and what may come besides. The types name them all: a new one needs its row. */
type Ending =
  | Exclude<EchoOutcome["kind"], "suspect">
  | LossReason
  | "late"
  | "duplicate"
  | "reordered"
  | "corrupt"
  | "an error overruled by a reply";

type Row = {
  readonly script: (router: string) => HostScript;
  /** What the agent counted of it, … */
  readonly counted: (figures: IcmpFigures) => number | undefined;
  /** … and what the lab did; undefined where the lab cannot know. `finished` as far as the agent is. */
  readonly produced: ((totals: Totals, finished: readonly RecordedEcho[]) => number) | undefined;
  readonly echoes?: NonNullable<Measured["echoes"]>;
};

/** Every second echo, so that the host is known to answer as well. */
const when = { every: 2 };

const REASONS = Object.fromEntries(
  LOSS_REASONS.map((says): [LossReason, Row] => [
    says,
    {
      script: (from) => ({ error: { says, from, when, mtuBytes: 1400 } }),
      counted: ({ lostByReason }) => lostByReason[says],
      produced: ({ fates }) => fates.error,
    },
  ]),
) as Readonly<Record<LossReason, Row>>;

const ENDINGS: Readonly<Record<Ending, Row>> = {
  ...REASONS,
  answered: {
    script: () => ({ delaySeconds: 0.02 }),
    counted: ({ rtt }) => rtt.count,
    produced: ({ packets }) => packets.reply,
  },
  lost: {
    script: () => ({ loss: when }),
    counted: ({ lost }) => lost,
    produced: (_, finished) => finished.filter(({ fate }) => fate === "lost").length,
  },
  unsent: {
    // A prohibit route keeps the lab from ever seeing it.
    script: () => ({}),
    counted: ({ unsent }) => unsent,
    produced: undefined,
  },
  late: {
    script: () => ({ late: { when, holdSeconds: TIMEOUT_SECONDS + 0.2 } }),
    counted: ({ lateReplies }) => lateReplies,
    produced: ({ fates }) => fates.late,
  },
  duplicate: {
    script: () => ({ duplicate: { when, copies: 2, spacingSeconds: 0.01 } }),
    counted: ({ duplicateReplies }) => duplicateReplies,
    produced: ({ packets }) => packets.duplicate,
  },
  reordered: {
    script: () => ({ reorder: { atMostSeconds: 0.3 } }),
    counted: ({ reorderedReplies }) => reorderedReplies,
    produced: ({ reordered }) => reordered,
    echoes: { count: 2, spacing: "50ms" },
  },
  corrupt: {
    script: () => ({ corrupt: { damage: "payload", when } }),
    counted: ({ corruptReplies }) => corruptReplies,
    produced: ({ packets }) => packets.corrupt,
  },
  "an error overruled by a reply": {
    script: (from) => ({
      delaySeconds: 0.03,
      error: { says: "host_unreachable", from, alsoAnswers: true },
    }),
    counted: ({ rtt, lostByReason }) =>
      Object.values(lostByReason).some((count) => count > 0) ? Number.NaN : rtt.count,
    produced: ({ packets }) => Math.min(packets.error, packets.reply),
  },
};

/** What a family's RFCs do not have; the lab sends what stands for it, and the agent must count that. */
const STAND_INS: readonly {
  readonly family: Family;
  readonly ending: Ending;
  readonly because: string;
}[] = [
  {
    family: "ipv6",
    ending: "protocol_unreachable",
    because:
      "RFC 4443 section 3.1 has no such code: section 3.4, parameter problem, unrecognized next header",
  },
  {
    family: "ipv4",
    ending: "packet_too_big",
    because: "RFC 792 has no such type: RFC 1191 section 4, fragmentation needed and DF set",
  },
];

const FAMILIES: readonly {
  readonly family: Family;
  readonly router: string;
  readonly address: (number: number) => string;
}[] = [
  { family: "ipv4", router: "10.98.0.1", address: (number) => `10.89.0.${number}` },
  { family: "ipv6", router: "fd98::1", address: (number) => `fd89::${number}` },
];

const CASES = Object.entries(ENDINGS).flatMap(([ending, row], index) =>
  FAMILIES.map(({ family, router, address }) => {
    const standIn = STAND_INS.find((one) => one.family === family && one.ending === ending);
    return {
      ...row,
      name: `${ending} (${family}${standIn === undefined ? "" : `; ${standIn.because}`})`,
      isProhibited: ending === "unsent",
      address: address(index + 1),
      script: row.script(router),
    };
  }),
);

test("every kind of ending and every reason of a loss is counted as the lab produced it, in both families", {
  skip,
}, async (t) => {
  const prepare = async (): Promise<void> => {
    for (const { address, isProhibited } of CASES) {
      if (isProhibited) ip(`${address.includes(":") ? "-6 " : ""}route add prohibit ${address}`);
    }
  };
  const addresses = CASES.map(({ address }) => address);
  await measuring({ seed: 30, targets: CASES, prepare }, async ({ lab, untilMore }) => {
    const busy = await untilMore(addresses, 8);
    await lab.hosts(addresses.map((address) => [address, { loss: { probability: 1 } }]));
    await until(async () => (await lab.totals()).pending === 0, {
      deadlineSeconds: 20,
      what: "the lab's last reply",
    });
    // When an echo of the silence ends, all that came before was read from the socket.
    const page = await untilMore(addresses, 3, await untilMore(addresses, 0, busy));
    for (const { name, address, counted, produced } of CASES) {
      await t.test(name, async () => {
        const figures = page.icmp({ target: address });
        const count = counted(figures) ?? 0;
        assert.ok(count > 0, `${count}`);
        if (produced === undefined) return;
        const { totals, echoes } = await lab.record(address);
        assert.equal(count, produced(totals, echoes.slice(0, figures.echoes)));
      });
    }
  });
});

const FLOOD_PACKETS_PER_SECOND = 2000;

/** Stops the agent until a flood has filled its socket and every deadline has passed. */
async function freeze({ lab, agent }: Measurement): Promise<void> {
  const before = await lab.totals();
  process.kill(agent.processId, "SIGSTOP");
  try {
    await until(
      async () =>
        (await lab.totals()).packets.flood - before.packets.flood > 2 * FLOOD_PACKETS_PER_SECOND,
      { deadlineSeconds: 20, what: "a second's flood of both families" },
    );
  } finally {
    process.kill(agent.processId, "SIGCONT");
  }
}

test("suspect: an echo whose reply overflowed the agent's socket, in both families", {
  skip,
}, async (t) => {
  const targets = FAMILIES.flatMap(({ family, address }) =>
    Array.from({ length: 10 }, (_, index) => ({
      family,
      address: address(index + 100),
      // Most of the time in flight, in time all the same.
      script: { delaySeconds: 0.3 },
    })),
  );
  const addresses = targets.map(({ address }) => address);
  const engine = { receive_buffer: "64KiB" };
  await measuring({ seed: 31, targets, engine }, async (measurement) => {
    const { lab, untilMore } = measurement;
    await untilMore(addresses, 2);
    await lab.hosts(
      FAMILIES.map(({ address }) => [
        address(100),
        {
          delaySeconds: 0.3,
          flood: {
            packetsPerSecond: FLOOD_PACKETS_PER_SECOND,
            packet: "echo_reply_of_last_identifier",
          },
        },
      ]),
    );
    await freeze(measurement);
    const page = await untilMore(addresses, 2, await untilMore(addresses, 0));
    for (const { family } of FAMILIES) {
      await t.test(family, () => {
        const ofFamily = targets.filter((target) => target.family === family);
        const figures = ofFamily.map(({ address }) => page.icmp({ target: address }));
        const suspects = figures.reduce((sum, { suspect }) => sum + suspect, 0);
        const lost = figures.reduce((sum, one) => sum + one.lost, 0);
        const dropped = sampleValue(page.families, "sounder_agent_icmp_socket_drops_total", {
          family,
        });
        t.diagnostic(`${family}: ${suspects} suspect echoes, ${dropped} drops`);
        assert.equal(lost, 0);
        assert.ok(suspects > 0 && suspects <= (dropped ?? 0), `${suspects} of ${dropped} drops`);
      });
    }
  });
});
