import assert from "node:assert/strict";
import { test } from "node:test";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { parseExposition, samplesOf, sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import { ip } from "./network.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const ROUTERS = { ipv4: "10.93.0.254", ipv6: "fd93::fe" } as const;
const SILENT = ["10.93.0.2", "fd93::2"] as const;
const NO_ROUTE = ["10.93.0.3", "fd93::3"] as const;
const REPORTED = ["10.93.0.1", "fd93::1"] as const;
const MISAIMED = "10.93.0.4";
const HEALTHY = "10.93.0.5";
/** Rising, and none of the common ones. */
const BUCKETS = [0.001, 0.01, 0.02, 0.03, 0.5];

type Entry = {
  readonly target: string;
  readonly state: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly reportedBy?: string;
};

async function failing(agent: AgentProcess): Promise<ReadonlyMap<string, Entry>> {
  const { status, body } = await agent.request("/api/v1/targets?state=failing");
  assert.equal(status, 200, body);
  const { targets } = JSON.parse(body) as { readonly targets: readonly Entry[] };
  return new Map(targets.map((entry) => [entry.target, entry]));
}

test("the error list says who explained a failure, and how", { skip }, async (t) => {
  await withLab({ seed: 93 }, async (lab) => {
    await lab.hosts([
      [REPORTED[0], { error: { says: "host_unreachable", from: ROUTERS.ipv4 } }],
      [REPORTED[1], { error: { says: "prohibited", from: ROUTERS.ipv6 } }],
      ...SILENT.map((address) => [address, { loss: { probability: 1 } }] as const),
      ...[...NO_ROUTE, MISAIMED, HEALTHY].map(
        (address) => [address, { delaySeconds: 0.02 }] as const,
      ),
    ]);
    ip(`route add unreachable ${NO_ROUTE[0]}`);
    ip(`-6 route add prohibit ${NO_ROUTE[1]}`);
    const agent = await startAgent({
      flags: ["--log.level=debug"],
      config: JSON.stringify({
        modules: {
          echo: { prober: "icmp", timeout: "200ms" },
          misaimed: { prober: "icmp", icmp: { source_ip_address: "192.0.2.77" } },
        },
        groups: [
          {
            name: "all",
            modules: ["echo"],
            interval: "300ms",
            buckets: BUCKETS,
            targets: [...REPORTED, ...SILENT, ...NO_ROUTE, HEALTHY],
          },
          { name: "misaimed", modules: ["misaimed"], interval: "300ms", targets: [MISAIMED] },
        ],
      }),
    });
    try {
      const list = await until(
        async () => {
          const entries = await failing(agent);
          const explained = [...REPORTED, ...NO_ROUTE, MISAIMED];
          const isThere =
            explained.every((target) => entries.get(target)?.reason !== undefined) &&
            SILENT.every((target) => entries.has(target));
          return isThere && entries;
        },
        { deadlineSeconds: 20, what: "every failing target with what is known of it" },
      );
      const told = (target: string) => {
        const { state, reason, reportedBy } = list.get(target) ?? { state: "not listed" };
        return { state, reason, reportedBy };
      };
      await t.test("an ICMP error gives the reason and who sent it", () => {
        assert.deepEqual(told(REPORTED[0]), {
          state: "failing",
          reason: "host_unreachable",
          reportedBy: ROUTERS.ipv4,
        });
        assert.deepEqual(told(REPORTED[1]), {
          state: "failing",
          reason: "prohibited",
          reportedBy: ROUTERS.ipv6,
        });
      });
      await t.test("silence has no reason", () => {
        for (const target of SILENT) {
          assert.deepEqual(told(target), {
            state: "failing",
            reason: undefined,
            reportedBy: undefined,
          });
        }
      });
      await t.test("a refused send has its errno", () => {
        assert.equal(told(NO_ROUTE[0]).reason, "unsent");
        assert.match(list.get(NO_ROUTE[0])?.detail ?? "", /EHOSTUNREACH/);
        assert.match(list.get(NO_ROUTE[1])?.detail ?? "", /EACCES/);
      });
      await t.test("what cannot be sent as asked says what was refused", () => {
        assert.equal(told(MISAIMED).reason, "unsent");
        assert.match(list.get(MISAIMED)?.detail ?? "", /source address 192\.0\.2\.77/);
      });
      await t.test("a healthy target is not in it", () => {
        assert.equal(list.has(HEALTHY), false);
      });
      await t.test("a target that is answered again leaves it, with its reason", async () => {
        await lab.hosts([[REPORTED[0], {}]]);
        await until(async () => !(await failing(agent)).has(REPORTED[0]), {
          deadlineSeconds: 20,
          what: "the first target to be up again",
        });
      });
      await t.test("the log at level debug has them one by one", () => {
        const log = agent.stderr();
        assert.match(
          log,
          /level=debug msg="an echo was lost" address=10\.93\.0\.1 reason=host_unreachable reported_by=10\.93\.0\.254/,
        );
        assert.match(
          log,
          /level=debug msg="an echo was not sent" address=10\.93\.0\.3 errno=EHOSTUNREACH/,
        );
      });
      await t.test("a group's buckets are those of its targets alone", async () => {
        const families = parseExposition(await agent.scrape());
        const les = samplesOf(families, "sounder_icmp_rtt_seconds_bucket")
          .filter(({ labels }) => labels["target"] === HEALTHY)
          .map(({ labels }) => labels["le"]);
        assert.deepEqual(les, [...BUCKETS.map(String), "+Inf"]);
        const others = samplesOf(families, "sounder_icmp_rtt_seconds_bucket").filter(
          ({ labels }) => labels["target"] === MISAIMED,
        );
        assert.equal(others.length, 19);
        // The lab holds each reply for 20 ms.
        const count = (le: string) =>
          sampleValue(families, "sounder_icmp_rtt_seconds_bucket", { target: HEALTHY, le }) ?? -1;
        assert.equal(count("0.01"), 0);
        assert.ok(count("0.5") > 0);
      });
    } finally {
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    }
  });
});
