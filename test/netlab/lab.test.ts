import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import type { Lab } from "./lab.ts";
import { fping, ping } from "./programs.ts";
import type { Fate } from "./record.ts";
import type { ErrorName, HostScript } from "./script.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const FAMILIES = [
  { family: "IPv4", host: "10.77.0.1", other: "10.77.0.2", router: "10.98.0.1" },
  { family: "IPv6", host: "fd77::1", other: "fd77::2", router: "fd98::1" },
] as const;

async function fatesOf(lab: Lab, host: string): Promise<Fate[]> {
  return (await lab.record(host)).echoes.map(({ fate }) => fate);
}

/** ICMP messages that the kernel of the lab's network received with a wrong checksum. */
function wrongChecksums(family: "IPv4" | "IPv6"): number {
  if (family === "IPv6") {
    const counters = readFileSync("/proc/self/net/snmp6", "utf8");
    return Number(/^Icmp6InCsumErrors\s+(\d+)/m.exec(counters)?.[1]);
  }
  const [names = [], values = []] = readFileSync("/proc/self/net/snmp", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("Icmp:"))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("InCsumErrors")]);
}

function settled(lab: Lab): Promise<true> {
  const isSettled = async () => (await lab.totals()).pending === 0;
  return until(isSettled, { deadlineSeconds: 20, what: "the lab's last reply" });
}

for (const { family, host, other, router } of FAMILIES) {
  const pingHost = (count: number, script: HostScript, ...flags: string[]) =>
    withLab({ seed: 3 }, async (lab) => {
      await lab.host(host, script);
      const report = ping("-c", String(count), "-i", "0.01", "-W", "2", ...flags, host);
      await settled(lab);
      const totals = await lab.totals();
      assert.equal(totals.deviceDrops, 0);
      assert.equal(totals.refused, 0);
      return { report, totals, record: await lab.record(host) };
    });

  test(`ping sees the scripted delay in ${family}, and never less than the record says`, {
    skip,
  }, async () => {
    const { report, record } = await pingHost(5, { delaySeconds: 0.02 });
    assert.equal(report.received, 5);
    for (const [index, rttSeconds] of report.rttSeconds.entries()) {
      const heldSeconds = record.echoes[index]?.heldSeconds ?? Number.NaN;
      assert.ok(heldSeconds >= 0.02, `held ${heldSeconds}`);
      // ping prints three digits.
      assert.ok(rttSeconds >= Number(heldSeconds.toPrecision(3)) - 0.0001, `${rttSeconds}`);
    }
  });

  test(`ping loses in ${family} what the record says was lost`, { skip }, async () => {
    const { report, record } = await pingHost(100, { loss: { probability: 0.2 } });
    assert.deepEqual([report.transmitted, record.totals.received], [100, 100]);
    assert.ok(record.totals.fates.lost > 0);
    assert.equal(report.received, record.totals.fates.answered);
    const answered = record.echoes.filter(({ fate }) => fate === "answered");
    assert.deepEqual(
      report.sequences,
      answered.map(({ sequence }) => sequence),
    );
  });

  test(`ping sees every scripted copy in ${family}`, { skip }, async () => {
    // The last echo has no copies: ping leaves when its reply is there.
    const script = { duplicate: { copies: 3, when: { requests: [1, 2] } } };
    const { report, record } = await pingHost(3, script);
    assert.deepEqual([report.received, report.duplicates], [3, 6]);
    assert.equal(record.totals.packets.duplicate, 6);
  });

  test(`ping sees replies in ${family} in the scripted wrong order`, { skip }, async () => {
    const { report, totals } = await pingHost(4, { reorder: { when: { requests: [1, 3] } } });
    assert.deepEqual(report.sequences, [2, 1, 4, 3]);
    assert.equal(totals.reordered, 2);
  });

  test(`ping sees a payload damaged under a right checksum in ${family}`, { skip }, async () => {
    const { report, record } = await pingHost(3, { corrupt: { damage: "payload" } });
    assert.match(report.text, /wrong data byte #55/);
    assert.equal(record.totals.fates.corrupt, 3);
  });

  test(`the kernel finds the scripted wrong checksums in ${family}`, { skip }, async () => {
    await withLab({ seed: 3 }, async (lab) => {
      await lab.host(host, { corrupt: { damage: "checksum" } });
      ping("-c", "2", "-i", "0.01", "-W", "0.5", host);
      assert.equal((await lab.record(host)).totals.packets.corrupt, 2);
      assert.equal(wrongChecksums(family), 2);
    });
  });

  test(`ping gives up before a late reply in ${family}`, { skip }, async () => {
    const { report, record } = await pingHost(1, { late: { holdSeconds: 4 } });
    assert.equal(report.received, 0);
    const [echo] = record.echoes;
    assert.equal(echo?.fate, "late");
    assert.ok((echo?.heldSeconds ?? 0) >= 4);
  });

  test(`ping does not take forged or stunted replies in ${family}`, { skip }, async () => {
    const forged = await pingHost(2, { forge: { identifierOffset: 1 } });
    assert.equal(forged.report.received, 0);
    assert.equal(forged.record.totals.fates.forged, 2);
    const stunted = await pingHost(2, { truncate: { toBytes: 7 } });
    assert.equal(stunted.report.received, 0);
    assert.equal(stunted.record.totals.fates.truncated, 2);
    const elsewhere = await pingHost(2, { forge: { source: other } });
    assert.match(elsewhere.report.text, new RegExp(`from ${other}.*DIFFERENT ADDRESS`));
  });

  test(`ping sees the scripted hop limit in ${family}, the record sees ping's`, {
    skip,
  }, async () => {
    const { report, record } = await pingHost(1, { hopLimit: 41 }, "-t", "9");
    assert.match(report.text, /ttl=41 /);
    assert.equal(record.echoes[0]?.hopLimit, 9);
  });

  test(`ping is not disturbed in ${family} by a flood of foreign packets`, { skip }, async () => {
    await withLab({ seed: 3 }, async (lab) => {
      for (const packet of ["echo_reply", "unreachable", "random_bytes"] as const) {
        await lab.host(other, { flood: { packetsPerSecond: 2000, packet } });
        await lab.host(host, {});
        const report = ping("-c", "20", "-i", "0.01", "-W", "5", host);
        assert.deepEqual([report.received, report.duplicates], [20, 0], packet);
      }
      assert.ok((await lab.totals()).packets.flood > 100);
    });
  });

  test(`a changed script holds for the next echo in ${family}`, { skip }, async () => {
    await withLab({ seed: 3 }, async (lab) => {
      for (const script of [{}, { loss: { probability: 1 } }, {}]) {
        await lab.host(host, script);
        ping("-c", "1", "-W", "0.2", host);
      }
      ping("-c", "1", "-W", "0.2", other);
      assert.deepEqual(await fatesOf(lab, host), ["answered", "lost", "answered"]);
      assert.equal((await lab.totals()).unscripted, 1);
    });
  });

  test(`an echo larger than the device's packets is answered in ${family} when the lab allows it`, {
    skip,
  }, async () => {
    await withLab({ seed: 3, mtuBytes: 9000 }, async (lab) => {
      await lab.host(host, {});
      assert.equal(ping("-c", "1", "-W", "5", "-s", "8000", host).received, 1);
      assert.equal((await lab.record(host)).echoes[0]?.payloadBytes, 8000);
      assert.equal(ping("-c", "1", "-W", "0.2", "-s", "9000", host).received, 0);
      assert.equal((await lab.totals()).ignored, 2);
    });
  });

  const said: readonly { says: ErrorName; ipv4: RegExp; ipv6: RegExp }[] = [
    { says: "net_unreachable", ipv4: /Destination Net Unreachable/, ipv6: /No route/ },
    { says: "host_unreachable", ipv4: /Destination Host Unreachable/, ipv6: /Address unreachable/ },
    { says: "port_unreachable", ipv4: /Destination Port Unreachable/, ipv6: /Port unreachable/ },
    {
      says: "protocol_unreachable",
      ipv4: /Destination Protocol Unreachable/,
      ipv6: /Unknown header/i,
    },
    { says: "prohibited", ipv4: /Packet filtered/, ipv6: /Administratively prohibited/ },
    { says: "ttl_exceeded", ipv4: /Time to live exceeded/, ipv6: /Hop limit/ },
    { says: "packet_too_big", ipv4: /mtu = 1400/, ipv6: /mtu=1400/ },
  ];
  for (const { says, ipv4, ipv6 } of said) {
    test(`ping understands ${says} of ${family} from a router`, { skip }, async () => {
      const { report, record } = await pingHost(1, {
        error: { says, from: router, mtuBytes: 1400 },
      });
      assert.match(report.text, family === "IPv4" ? ipv4 : ipv6);
      assert.match(report.text, new RegExp(`From ${router}`, "i"));
      assert.equal(record.totals.fates.error, 1);
    });
  }
}

/** Hosts of both families with losses from 0 to 80 %, whose replies do not come all at once. */
function lossyHosts(ofEachFamily: number): [string, HostScript][] {
  return Array.from({ length: ofEachFamily }, (_, index) => index + 1).flatMap((number) => {
    const loss = { probability: (number % 5) / 5 };
    const script = { delaySeconds: 0.01, jitterSeconds: 0.1, loss };
    return [`10.78.0.${number}`, `fd78::${number.toString(16)}`].map(
      (address): [string, HostScript] => [address, script],
    );
  });
}

test("fping and the record count the same for 200 hosts of both families", { skip }, async () => {
  await withLab({ seed: 11 }, async (lab) => {
    const hosts = lossyHosts(100);
    await lab.hosts(hosts);
    const addresses = hosts.map(([address]) => address);
    const counts = fping(["-c", "10", "-p", "200", "-i", "0.5", "-t", "3000"], addresses);
    const totals = await lab.totals();
    assert.deepEqual([totals.deviceDrops, totals.refused, totals.received], [0, 0, 2000]);
    for (const { address, totals: ofHost } of await lab.records()) {
      assert.deepEqual(
        counts.get(address),
        { sent: ofHost.received, received: ofHost.packets.reply },
        address,
      );
    }
  });
});

test("the lab takes bursts of 400 echoes, ten in a second, and drops none", { skip }, async () => {
  await withLab({ seed: 12 }, async (lab) => {
    const hosts = lossyHosts(200);
    await lab.hosts(hosts);
    // fping itself may lose replies of such bursts: only the lab's side is judged.
    fping(
      ["-c", "10", "-p", "100", "-i", "0"],
      hosts.map(([address]) => address),
    );
    await settled(lab);
    const { received, deviceDrops, refused, fates, packets } = await lab.totals();
    assert.deepEqual([received, deviceDrops, refused], [4000, 0, 0]);
    assert.equal(packets.reply, fates.answered);
    assert.equal(fates.answered + fates.lost, 4000);
  });
});

test("the same seed loses the same echoes, another seed others", { skip }, async () => {
  const fatesWith = (seed: number) =>
    withLab({ seed }, async (lab) => {
      await lab.host("10.77.0.1", { loss: { probability: 0.5 } });
      ping("-c", "40", "-i", "0.002", "-W", "0.5", "10.77.0.1");
      return fatesOf(lab, "10.77.0.1");
    });
  const fates = await fatesWith(5);
  assert.equal(fates.length, 40);
  assert.deepEqual(await fatesWith(5), fates);
  assert.notDeepEqual(await fatesWith(6), fates);
});

test("a bad script and an unknown host are refused with a sentence", { skip }, async () => {
  await withLab({ seed: 1 }, async (lab) => {
    await assert.rejects(
      lab.host("router.example", {}),
      /must be an IP address such as 10\.77\.0\.1/,
    );
    await assert.rejects(lab.record("10.77.0.9"), /the lab has no host 10\.77\.0\.9/);
  });
});
