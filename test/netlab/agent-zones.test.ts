import assert from "node:assert/strict";
import { test } from "node:test";
import { samplesOf, sampleValue } from "../support/exposition.ts";
import { canRunLab } from "./can-run.ts";
import type { LabDevice } from "./device.ts";
import { assertCountsEqual } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import { measuring, TIMEOUT_SECONDS } from "./measuring.ts";
import { DEVICE } from "./network.ts";

const skip = (await canRunLab()) ?? false;

const SECOND = "lab1";
const HOST = "fe80::1";
const OWN = { [DEVICE]: "fe80::99", [SECOND]: "fe80::98" } as const;
/** One address behind two devices: the answers tell which host was asked. */
const DELAYS = { [DEVICE]: 0.02, [SECOND]: 0.15 } as const;
const DEVICES = [DEVICE, SECOND] as const;

const zoned = (device: string): string => `${HOST}%${device}`;
const PLAIN = "10.90.0.1";
const WRONG = zoned("nowhere0");

test("link-local targets are measured by their zone; a wrong zone is told and harms no other", {
  skip,
}, async (t) => {
  let second: LabDevice | undefined;
  const targets = [
    { address: HOST, target: zoned(DEVICE), script: { delaySeconds: DELAYS[DEVICE] } },
    { address: PLAIN, script: {} },
  ];
  const prepare = async (lab: Lab): Promise<void> => {
    second = lab.addDevice(SECOND, [OWN[SECOND]]);
    await second.host(HOST, { delaySeconds: DELAYS[SECOND] });
  };
  const further = [zoned(SECOND), WRONG];
  const lab = { linkLocal: OWN[DEVICE] };
  await measuring({ seed: 32, targets, lab, prepare, further }, async (measurement) => {
    const devices: Readonly<Record<(typeof DEVICES)[number], LabDevice | undefined>> = {
      [DEVICE]: measurement.lab,
      [SECOND]: second,
    };
    const measured = [...DEVICES.map(zoned), PLAIN];
    const page = await measurement.untilMore(measured, 5);

    for (const device of DEVICES) {
      await t.test(`${zoned(device)} is a host of its own, by its own way`, async () => {
        const record = await devices[device]?.record(HOST);
        assert.ok(record !== undefined);
        const figures = page.icmp({ target: zoned(device) });
        assertCountsEqual(figures, record, TIMEOUT_SECONDS);
        assert.equal(figures.lost, 0);
        assert.ok((figures.lastRttSeconds ?? 0) >= DELAYS[device]);
        assert.deepEqual([...new Set(record.echoes.map(({ source }) => source))], [OWN[device]]);
      });
      await t.test(`labels and info of ${zoned(device)} keep the zone`, () => {
        const info = { target: zoned(device), address: zoned(device), family: "ipv6" };
        assert.equal(sampleValue(page.families, "sounder_target_info", info), 1);
      });
    }
    await t.test("the nearer of the two hosts is told from the other by its delay", () => {
      const near = page.icmp({ target: zoned(DEVICE) }).rtt;
      assert.ok(near.sumSeconds / near.count < DELAYS[SECOND]);
    });

    await t.test("the log says what is wrong with the zone", () => {
      assert.match(measurement.agent.stderr(), /there is no interface \\?"nowhere0\\?" here/);
    });
    await t.test("a target of a wrong zone has its series at 0", () => {
      const { echoes, lost, unsent, up } = page.icmp({ target: WRONG });
      assert.deepEqual([echoes, lost, unsent], [0, 0, 0]);
      assert.notEqual(up, 1);
    });
    await t.test("the API says so of one echo", async () => {
      for (const [target, kind] of [
        [zoned(DEVICE), "answered"],
        [zoned(SECOND), "answered"],
      ] as const) {
        assert.equal((await measurement.echoNow(target)).kind, kind, target);
      }
      const { status, body } = await measurement.agent.request(
        `/api/v1/ping?${new URLSearchParams({ target: WRONG }).toString()}`,
      );
      assert.match(body, /there is no interface \\"nowhere0\\" here/);
      assert.ok(status === 200 || status === 400, `${status}`);
    });
    await t.test("the engine goes on", async () => {
      assert.equal(measurement.agent.stderr().includes("fault"), false);
      const later = await measurement.untilMore(measured, 2, page);
      assert.equal(samplesOf(later.families, "sounder_icmp_echoes_total").length, 4);
    });
  });
});
