import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleValue } from "../support/exposition.ts";
import { canRunLab } from "./can-run.ts";
import type { LabDevice } from "./device.ts";
import { assertRttsRight, type Scrape } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import {
  assertRightBetween,
  type Measured,
  type Measurement,
  measuring,
  steadyHosts,
  unsentOf,
} from "./measuring.ts";
import { ip } from "./network.ts";

const skip = (await canRunLab()) ?? false;

const SECOND = "lab1";
const OWN_ON_SECOND = ["10.99.1.1", "fd99:1::1"];

const FIRST_HOSTS = steadyHosts(86, 6);
/** Behind the second device, by the module's `interface`. */
const SECOND_HOSTS = steadyHosts(86, 6, 1);
const ofFirst = FIRST_HOSTS.map(({ address }) => address);
const ofSecond = SECOND_HOSTS.map(({ address }) => address);
const everyone = [...ofFirst, ...ofSecond];

const TARGETS: readonly Measured[] = [
  ...FIRST_HOSTS,
  ...SECOND_HOSTS.map((host) => ({ ...host, module: { interface: SECOND } })),
];

type Devices = { readonly first: Lab; readonly second: LabDevice };

async function withTwoDevices(
  seed: number,
  work: (measurement: Measurement, devices: Devices) => Promise<void>,
): Promise<void> {
  let second: LabDevice | undefined;
  const prepare = async (lab: Lab): Promise<void> => {
    second = lab.addDevice(SECOND, OWN_ON_SECOND);
    await second.hosts(SECOND_HOSTS.map(({ address, script }) => [address, script]));
  };
  await measuring({ seed, targets: TARGETS, prepare }, async (measurement) => {
    assert.ok(second !== undefined);
    await work(measurement, { first: measurement.lab, second });
  });
}

async function assertAllRight(
  before: Scrape,
  after: Scrape,
  targets: readonly string[],
  device: LabDevice,
): Promise<void> {
  for (const target of targets) assertRightBetween(before, after, await device.record(target));
}

const lostOf = (page: Scrape, targets: readonly string[]): number[] =>
  targets.map((target) => page.icmp({ target }).lost);

test("while an interface is down its targets are unsent, not lost; up again they are measured right", {
  skip,
}, async (t) => {
  await withTwoDevices(26, async (measurement, { first, second }) => {
    const { scrape, untilMore, echoNow } = measurement;
    const before = await untilMore(everyone, 2);

    ip(`link set dev ${SECOND} down`);
    // Between two refusals lies more than a timeout: what was in flight when the device went has ended.
    const begun = await untilMore(ofSecond, 2, await scrape(), "unsent");
    const { received } = await second.totals();
    const down = await untilMore(ofSecond, 4, begun, "unsent");
    await t.test("nothing is sent, and nothing lost", async () => {
      assert.deepEqual(lostOf(down, ofSecond), lostOf(begun, ofSecond));
      assert.equal((await second.totals()).received, received);
    });
    await t.test("the targets of the other interface are measured as ever", async () => {
      assert.equal(unsentOf(down, ofFirst), 0);
      assert.deepEqual(
        lostOf(down, ofFirst),
        ofFirst.map(() => 0),
      );
      await assertAllRight(before, down, ofFirst, first);
    });

    ip(`link set dev ${first.name} down`);
    const allDown = await untilMore(everyone, 3, await scrape(), "unsent");
    for (const target of ofFirst.slice(0, 2)) {
      await t.test(`an echo to ${target} is unsent for ENETUNREACH`, async () => {
        const { kind, reason } = await echoNow(target);
        assert.deepEqual([kind, reason], ["unsent", "ENETUNREACH"]);
      });
    }

    for (const device of [first, second]) {
      ip(`link set dev ${device.name} up`);
      device.reconnect();
    }
    const restored = await untilMore(everyone, 2, await scrape(), "answered");
    const after = await untilMore(everyone, 4, restored, "answered");
    await t.test("up again, all is answered with right round-trip times", async () => {
      assert.equal(unsentOf(after, everyone), unsentOf(restored, everyone));
      assert.deepEqual(lostOf(after, everyone), lostOf(allDown, everyone));
      await assertAllRight(restored, after, ofFirst, first);
      await assertAllRight(restored, after, ofSecond, second);
      assert.equal(sampleValue(after.families, "sounder_agent_icmp_stamp_missing_total"), 0);
    });
  });
});

test("while an interface has no carrier the kernel drops in silence: lost, and right afterwards", {
  skip,
}, async (t) => {
  await withTwoDevices(27, async ({ scrape, untilMore }, { first, second }) => {
    const before = await untilMore(everyone, 2);

    ip(`link set dev ${SECOND} carrier off`);
    const begun = await untilMore(ofSecond, 2, await scrape(), "lost");
    const { received } = await second.totals();
    const off = await untilMore(ofSecond, 3, begun, "lost");
    await t.test("the kernel takes the packets, and none of them leaves", async () => {
      assert.equal(unsentOf(off, everyone), 0);
      assert.equal((await second.totals()).received, received);
    });
    await t.test("the targets of the other interface are measured as ever", async () => {
      assert.deepEqual(
        lostOf(off, ofFirst),
        ofFirst.map(() => 0),
      );
      await assertAllRight(before, off, ofFirst, first);
    });

    ip(`link set dev ${SECOND} carrier on`);
    const restored = await untilMore(everyone, 2, await scrape(), "answered");
    const after = await untilMore(everyone, 4, restored, "answered");
    await t.test("with a carrier again, all is answered with right round-trip times", async () => {
      assert.deepEqual(lostOf(after, everyone), lostOf(restored, everyone));
      for (const target of ofSecond) {
        const [earlier, later] = [restored.icmp({ target }), after.icmp({ target })];
        // Echoes that the kernel dropped are not in the record; those in it were all answered.
        const { echoes } = await second.record(target);
        assertRttsRight(earlier, later, echoes.slice(earlier.rtt.count, later.rtt.count), target);
      }
      await assertAllRight(restored, after, ofFirst, first);
      assert.equal(sampleValue(after.families, "sounder_agent_icmp_stamp_missing_total"), 0);
    });
  });
});
