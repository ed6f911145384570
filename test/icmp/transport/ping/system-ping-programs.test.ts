import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { LossReason } from "../../../../src/icmp/echo.ts";
import { runProgram } from "../../../../src/icmp/transport/ping/ping-process.ts";
import {
  findPingProgram,
  type PingKind,
  type PingProgram,
} from "../../../../src/icmp/transport/ping/ping-program.ts";
import type { AddressFamily } from "../../../../src/runtime/address.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { enterOwnNetwork, ip, nft } from "../../../support/own-network.ts";
import { HERE, Pings } from "./ping-programs.ts";

// At the start and on this thread: programs started from here on belong to the network of the test.
const noNetwork = await enterOwnNetwork();
const AT_ONCE = 64;

const OTHER_SOURCE = { ipv4: "192.0.2.7", ipv6: "2001:db8::7" } as const;
const NOWHERE = { ipv4: "198.51.100.1", ipv6: "2001:db8:ffff::1" } as const;
const NFT_NAMES = {
  ipv4: { header: "ip", hopLimit: "ip ttl", message: "icmp" },
  ipv6: { header: "ip6", hopLimit: "ip6 hoplimit", message: "icmpv6" },
} as const;

const folder = mkdtempSync(join(tmpdir(), "sounder-ping-"));
after(() => rmSync(folder, { recursive: true }));

/** BusyBox is what it is called as. */
function busyboxPing(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.map((one) => join(one, "busybox")).find((path) => existsSync(path));
  if (found === undefined) return undefined;
  symlinkSync(found, join(folder, "ping"));
  return join(folder, "ping");
}

const PATHS: Readonly<Record<PingKind, string | undefined>> = {
  iputils: "ping",
  busybox: busyboxPing(),
};

async function programOf(kind: PingKind): Promise<PingProgram | string> {
  if (noNetwork !== undefined) return noNetwork;
  const path = PATHS[kind];
  if (path === undefined) return `there is no program ${kind} in the PATH`;
  const found = await findPingProgram(runProgram, path);
  if (found.kind === "absent") return found.reason;
  return found.program.kind === kind ? found.program : `${path} is that of ${found.program.kind}`;
}

/** Lets what is not the test's pass, and nothing else change it. */
function rules(...lines: readonly string[]): void {
  const said = nft(
    [
      "flush ruleset",
      "add table inet test",
      "add chain inet test out { type filter hook output priority 0; }",
      "add chain inet test in { type filter hook input priority 0; }",
      ...lines.map((line) => `add rule inet test ${line}`),
    ].join("\n"),
  );
  assert.equal(said, undefined);
}

const REJECTIONS: Readonly<Record<AddressFamily, readonly (readonly [string, LossReason])[]>> = {
  ipv4: [
    ["net-unreachable", "net_unreachable"],
    ["host-unreachable", "host_unreachable"],
    ["prot-unreachable", "protocol_unreachable"],
    ["port-unreachable", "port_unreachable"],
    ["net-prohibited", "prohibited"],
    ["host-prohibited", "prohibited"],
    ["admin-prohibited", "prohibited"],
  ],
  ipv6: [
    ["no-route", "net_unreachable"],
    ["admin-prohibited", "prohibited"],
    ["addr-unreachable", "host_unreachable"],
    ["port-unreachable", "port_unreachable"],
    ["policy-fail", "prohibited"],
    ["reject-route", "prohibited"],
  ],
};

before(() => {
  if (noNetwork !== undefined) return;
  for (const address of [HERE.ipv4, OTHER_SOURCE.ipv4]) {
    assert.equal(ip(`addr add ${address}/32 dev lo`), undefined);
  }
  for (const address of [HERE.ipv6, OTHER_SOURCE.ipv6]) {
    assert.equal(ip(`addr add ${address}/128 dev lo nodad`), undefined);
  }
});

afterEach(() => {
  if (noNetwork === undefined) nft("flush ruleset");
});

for (const kind of ["iputils", "busybox"] as const) {
  const program = await programOf(kind);
  const skip = typeof program === "string" ? program : false;

  for (const family of ["ipv4", "ipv6"] as const) {
    const names = NFT_NAMES[family];
    const open = (): Pings => {
      assert.ok(typeof program !== "string");
      return new Pings(family, program);
    };
    const onlyIf = (what: string): string =>
      `in ${names.message} type echo-request ${what} counter drop`;

    describe(`the real ${kind} over ${family}`, { skip }, () => {
      test("answers with a time within the program's life and the hop limit", async () => {
        using pings = open();
        const before = systemClock.monotonicSeconds();
        const [told, ...more] = await pings.endsOf();
        const elapsed = systemClock.monotonicSeconds() - before;
        assert.equal(more.length, 0);
        assert.ok(told?.kind === "answered", JSON.stringify([told, pings.outputs]));
        assert.equal(told.hopLimit, 64);
        assert.ok(told.rttSeconds >= 0 && told.rttSeconds <= elapsed);
        assert.ok(Math.abs((pings.log.sentAtSeconds.get(0) ?? 0) - Date.now() / 1000) < 60);
      });

      test("takes payloads of every kind of size", async () => {
        using pings = open();
        const sizes = [0, 1, 3, 4, 15, 16, 28, 1472, 9000, 65_507];
        const slots = sizes.map((payloadBytes) => pings.queue({}, { payloadBytes }));
        pings.transport.flush(pings.log);
        await pings.ended();
        for (const slot of slots) {
          const ends = pings.log.endsOf(slot).map((told) => told.kind);
          assert.deepEqual(ends, ["answered"], `${sizes[slot]} bytes`);
        }
      });

      test("sends from the source that was asked for", async () => {
        rules(onlyIf(`${names.header} saddr != ${OTHER_SOURCE[family]}`));
        using pings = open();
        const [told] = await pings.endsOf({ source: OTHER_SOURCE[family] });
        assert.equal(told?.kind, "answered");
      });

      test("sends by the interface that was asked for", async () => {
        using pings = open();
        const [told] = await pings.endsOf({ interface: "lo" });
        assert.equal(told?.kind, "answered");
      });

      if (kind === "busybox" && family === "ipv6") {
        test("refuses a hop limit: BusyBox takes the flag and leaves it undone for IPv6", async () => {
          using pings = open();
          await assert.rejects(async () => pings.endsOf({ hopLimit: 33 }), /hop limit|ttl/i);
        });
      } else {
        test("sends with the hop limit that was asked for", async () => {
          rules(onlyIf(`${names.hopLimit} != 33`));
          using pings = open();
          const [told] = await pings.endsOf({ hopLimit: 33 });
          assert.equal(told?.kind, "answered");
        });
      }

      test("says ENODEV of an interface that is not there", async () => {
        using pings = open();
        const slot = 0;
        assert.deepEqual(await pings.endsOf({ interface: "eth9" }), [
          { kind: "unsent", slot, errno: "ENODEV" },
        ]);
      });

      test("says EADDRNOTAVAIL of a source that is nobody's", async () => {
        using pings = open();
        assert.deepEqual(await pings.endsOf({ source: NOWHERE[family] }), [
          { kind: "unsent", slot: 0, errno: "EADDRNOTAVAIL" },
        ]);
      });

      test("says ENETUNREACH without a route", async () => {
        using pings = open();
        assert.deepEqual(await pings.endsOf({}, { target: NOWHERE[family] }), [
          { kind: "unsent", slot: 0, errno: "ENETUNREACH" },
        ]);
      });

      test("says EPERM when a firewall keeps the echo, or nothing", async () => {
        rules(`out ${names.message} type echo-request drop`);
        using pings = open();
        const ends = await pings.endsOf({}, { timeoutSeconds: 1 });
        // iputils since 20210202 keeps it to itself.
        if (kind === "iputils" && ends.length === 0) return;
        assert.deepEqual(ends, [{ kind: "unsent", slot: 0, errno: "EPERM" }]);
      });

      test("says nothing of an echo that nobody answered", async () => {
        rules(`in ${names.message} type echo-request drop`);
        using pings = open();
        assert.deepEqual(await pings.endsOf({}, { timeoutSeconds: 0.5 }), []);
        assert.deepEqual(pings.outputs[0]?.end, { kind: "exited", code: 1 });
      });

      test(`runs ${AT_ONCE} at once, each answered`, async () => {
        using pings = open();
        const slots = Array.from({ length: AT_ONCE }, () => pings.queue());
        const beyond = pings.queue();
        pings.transport.flush(pings.log);
        await pings.ended();
        for (const slot of slots) {
          assert.deepEqual(
            pings.log.endsOf(slot).map((told) => told.kind),
            ["answered"],
          );
        }
        assert.deepEqual(pings.log.endsOf(beyond), [
          { kind: "unsent", slot: beyond, errno: "EAGAIN" },
        ]);
      });

      test("is killed when the transport closes", async () => {
        rules(`in ${names.message} type echo-request drop`);
        const pings = open();
        pings.queue({}, { timeoutSeconds: 600 });
        pings.transport.flush(pings.log);
        pings.transport.close();
        await pings.ended();
        assert.deepEqual(pings.outputs[0]?.end, { kind: "killed" });
      });
    });
  }
}

const iputils = await programOf("iputils");
const skipIputils = typeof iputils === "string" ? iputils : false;
const busybox = await programOf("busybox");
const skipBusybox = typeof busybox === "string" ? busybox : false;

for (const family of ["ipv4", "ipv6"] as const) {
  const names = NFT_NAMES[family];
  const open = (): Pings => {
    assert.ok(typeof iputils !== "string");
    return new Pings(family, iputils);
  };

  describe(`what only iputils can, over ${family}`, { skip: skipIputils }, () => {
    for (const [type, reason] of REJECTIONS[family]) {
      test(`${type} explains by ${reason}`, async () => {
        rules(`in ${names.message} type echo-request reject with ${names.message} type ${type}`);
        using pings = open();
        const target = HERE[family];
        assert.deepEqual(await pings.endsOf(), [
          { kind: "icmp_error", slot: 0, reason, target, reporter: target },
        ]);
      });
    }

    test("a code point and a mark are on the packet", async () => {
      rules(
        `out ${names.message} type echo-request meta mark != 7 reject`,
        `in ${names.message} type echo-request ${names.header} dscp != ef drop`,
      );
      using pings = open();
      const [told] = await pings.endsOf({ dscp: 46, mark: 7 });
      assert.equal(told?.kind, "answered", JSON.stringify(pings.outputs));
    });
  });
}

describe("what only IPv4 can", () => {
  for (const [forbidden, refused] of [
    [true, "!= 0x4000"],
    [false, "== 0x4000"],
  ] as const) {
    test(`dont_fragment ${forbidden} is on the packet`, { skip: skipIputils }, async () => {
      rules(`in icmp type echo-request ip frag-off & 0x4000 ${refused} drop`);
      assert.ok(typeof iputils !== "string");
      using pings = new Pings("ipv4", iputils);
      const [told] = await pings.endsOf({ isFragmentingForbidden: forbidden });
      assert.equal(told?.kind, "answered", JSON.stringify(pings.outputs));
    });
  }

  test("an echo that the link cannot carry whole is unsent with EMSGSIZE", {
    skip: skipIputils,
  }, async () => {
    assert.ok(typeof iputils !== "string");
    assert.equal(ip("link set lo mtu 1500"), undefined);
    using pings = new Pings("ipv4", iputils);
    const ends = await pings.endsOf({ isFragmentingForbidden: true }, { payloadBytes: 1473 });
    assert.equal(ip("link set lo mtu 65536"), undefined);
    assert.deepEqual(ends, [{ kind: "unsent", slot: 0, errno: "EMSGSIZE" }]);
  });

  // An IPv6 reply with damage has a wrong checksum, which the kernel sees before the program.
  test("a damaged reply is corrupted", { skip: skipIputils }, async () => {
    rules("in icmp type echo-reply @th,320,8 set 0x55");
    assert.ok(typeof iputils !== "string");
    using pings = new Pings("ipv4", iputils);
    assert.deepEqual(await pings.endsOf(), [{ kind: "corrupted", slot: 0 }]);
  });

  for (const [name, one, skip] of [
    ["iputils", iputils, skipIputils],
    ["BusyBox", busybox, skipBusybox],
  ] as const) {
    test(`a reply whose stamp of ${name} was damaged is corrupted`, { skip }, async () => {
      rules("in icmp type echo-reply @th,64,32 set 0x55555555");
      assert.ok(typeof one !== "string");
      using pings = new Pings("ipv4", one);
      assert.deepEqual(await pings.endsOf(), [{ kind: "corrupted", slot: 0 }]);
    });
  }
});
