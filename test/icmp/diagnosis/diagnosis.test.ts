import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnoseFamilies, isIcmpPossible } from "../../../src/icmp/diagnosis/diagnosis.ts";
import { findingsOf } from "../../../src/icmp/diagnosis/findings.ts";
import {
  netRawOf,
  parseGroupRange,
  readSystemFacts,
} from "../../../src/icmp/diagnosis/read-facts.ts";
import type { SystemFacts } from "../../../src/icmp/diagnosis/system-facts.ts";
import type { TransportName } from "../../../src/icmp/transport.ts";
import { absent, facts, family, ORDINARY, ordinaryFacts, refused } from "./diagnosis-facts.ts";

const DENIED = { ipv4: family({ raw: refused("EPERM") }), ipv6: family() };
const NO_GROUP = { ipv4: family({ dgram: refused("EACCES") }), ipv6: family() };

/** What is in the way of one transport over IPv4, and every line of its remedies. */
function obstacle(given: SystemFacts, transport: TransportName) {
  const [ipv4] = diagnoseFamilies(given);
  const found = ipv4?.transports.find(({ name }) => name === transport);
  const lines = found?.remedies.flatMap((remedy) => remedy.lines).join("\n") ?? "";
  return { works: found?.works, why: found?.why ?? "", lines };
}

test("where all works, raw is chosen for both families and nothing needs a remedy", () => {
  const families = diagnoseFamilies(facts());
  assert.deepEqual(
    families.map(({ family: of, chosen }) => [of, chosen]),
    [
      ["ipv4", "raw"],
      ["ipv6", "raw"],
    ],
  );
  const all = families.flatMap(({ transports }) => transports);
  assert.ok(all.every(({ works, remedies }) => works && remedies.length === 0));
  assert.ok(isIcmpPossible(families));
});

test("each family has the best transport that works for it", () => {
  const families = diagnoseFamilies(
    facts({
      families: {
        ipv4: family({ raw: refused("EPERM") }),
        ipv6: family({
          raw: refused("EPERM"),
          dgram: refused("EACCES"),
          "raw-socket": absent("the npm package raw-socket does not load"),
        }),
      },
    }),
  );
  assert.deepEqual(
    families.map(({ chosen }) => chosen),
    ["dgram", "ping"],
  );
});

const obstacles: readonly {
  name: string;
  facts: SystemFacts;
  transport: TransportName;
  why: RegExp;
  lines: RegExp;
  not?: RegExp;
}[] = [
  {
    name: "an ordinary user",
    facts: ordinaryFacts,
    transport: "raw",
    why: /^this process runs as user 1000 without CAP_NET_RAW$/,
    lines:
      /AmbientCapabilities=CAP_NET_RAW\nsudo setcap cap_net_raw\+ep \/usr\/bin\/node\nsecurityContext:\n {2}runAsUser: 0\n.*add: \[NET_RAW\]/,
  },
  {
    name: "a Node at a path with a blank and a quote",
    facts: facts({ families: DENIED, process: { ...ORDINARY, executable: "/opt/it's node/node" } }),
    transport: "raw",
    why: /without CAP_NET_RAW/,
    lines: /setcap cap_net_raw\+ep '\/opt\/it'\\''s node\/node'/,
  },
  {
    name: "a process that may gain no privileges by files",
    facts: facts({ families: DENIED, process: { ...ORDINARY, isPrivilegeGainForbidden: true } }),
    transport: "raw",
    why: /without CAP_NET_RAW/,
    lines: /AmbientCapabilities/,
    not: /setcap/,
  },
  {
    name: "root of a container without the capability",
    facts: facts({ families: DENIED, process: { netRaw: "dropped" } }),
    transport: "raw",
    why: /^CAP_NET_RAW was taken from this process and whatever it starts \(user 0\)$/,
    lines: /--cap-add=NET_RAW[\s\S]*add: \[NET_RAW\]/,
    not: /setcap/,
  },
  {
    name: "a filter of system calls",
    facts: facts({ families: DENIED }),
    transport: "raw",
    why: /^EPERM although this process has CAP_NET_RAW: a seccomp filter/,
    lines: /seccomp/,
  },
  {
    name: "a kernel without the sockets",
    facts: facts({
      families: { ipv4: family({ raw: refused("EPROTONOSUPPORT") }), ipv6: family() },
    }),
    transport: "raw",
    why: /^the kernel has no such socket: EPROTONOSUPPORT$/,
    lines: /^$/,
  },
  {
    name: "no native package",
    facts: facts({
      families: {
        ipv4: family({ dgram: absent("the native package koffi cannot be loaded") }),
        ipv6: family(),
      },
    }),
    transport: "dgram",
    why: /^the native package koffi cannot be loaded$/,
    lines: /^npm install --include=optional koffi$/,
  },
  {
    name: "a range of groups that is empty",
    facts: ordinaryFacts,
    transport: "dgram",
    why: /^net\.ipv4\.ping_group_range allows no group, this process has groups 1000, 27$/,
    lines: /^sudo sysctl -w net\.ipv4\.ping_group_range="1000 1000"\n/,
  },
  {
    name: "a range of other groups, which keep their right",
    facts: facts({
      families: NO_GROUP,
      process: ORDINARY,
      pingGroupRange: { low: 2_000, high: 3_000 },
    }),
    transport: "dgram",
    why: /allows groups 2000 to 3000, this process has groups 1000, 27$/,
    lines: /ping_group_range="1000 3000"/,
  },
  {
    name: "a filter in spite of the right group",
    facts: facts({ families: NO_GROUP, process: ORDINARY, pingGroupRange: { low: 27, high: 27 } }),
    transport: "dgram",
    why: /^EACCES although net\.ipv4\.ping_group_range holds a group of this process/,
    lines: /seccomp/,
  },
  {
    name: "a range that cannot be read",
    facts: facts({ families: NO_GROUP, process: { groupIds: [5] }, pingGroupRange: undefined }),
    transport: "dgram",
    why: /^EACCES, and net\.ipv4\.ping_group_range cannot be read$/,
    lines: /ping_group_range="5 5"[\s\S]*value: "0 2147483647"/,
  },
  {
    name: "the package without its right",
    facts: ordinaryFacts,
    transport: "raw-socket",
    why: /opens no socket \(Operation not permitted\): it needs CAP_NET_RAW as raw does$/,
    lines: /^$/,
  },
  {
    name: "no ping program",
    facts: facts({
      families: {
        ipv4: family({ ping: absent("there is no program ping in the PATH") }),
        ipv6: family(),
      },
    }),
    transport: "ping",
    why: /^there is no program ping in the PATH$/,
    lines: /apt-get install iputils-ping/,
  },
  {
    name: "a ping program without rights",
    facts: facts({
      families: {
        ipv4: family({ ping: refused("ping: socket: Operation not permitted") }),
        ipv6: family(),
      },
      process: ORDINARY,
    }),
    transport: "ping",
    why: /did not get an echo back from this machine: ping: socket: Operation not permitted$/,
    lines: /setcap cap_net_raw\+p/,
  },
];

for (const { name, facts: given, transport, why, lines, not } of obstacles) {
  test(`the diagnosis of ${transport} names ${name} and the remedy`, () => {
    const found = obstacle(given, transport);
    assert.equal(found.works, false);
    assert.match(found.why, why);
    assert.match(found.lines, lines);
    if (not !== undefined) assert.doesNotMatch(found.lines, not);
  });
}

test("a family without an address is neither tried nor missed", () => {
  const ipv6 = { ...family(), hasAddress: false };
  const families = diagnoseFamilies(facts({ families: { ipv4: family(), ipv6 } }));
  assert.deepEqual(families[1], {
    family: "ipv6",
    isAvailable: false,
    transports: [],
    chosen: undefined,
  });
  assert.ok(isIcmpPossible(families));
});

test("ICMP is not possible where one family has no transport, or where there is no family", () => {
  const nothing = family({
    raw: refused("EPERM"),
    dgram: refused("EACCES"),
    "raw-socket": absent("not installed"),
    ping: absent("not installed"),
  });
  const none = { ...family(), hasAddress: false };
  for (const ipv6 of [nothing, none]) {
    const ipv4 = ipv6 === none ? none : family();
    assert.equal(isIcmpPossible(diagnoseFamilies(facts({ families: { ipv4, ipv6 } }))), false);
  }
});

const findings = [
  {
    name: "a whole buffer",
    facts: facts(),
    at: 0,
    grade: "fine",
    says: "8 MiB, enough for 32768 echoes a second",
  },
  {
    name: "Debian's default buffer",
    facts: facts({ receiveBuffer: { wantedBytes: 8_388_608, grantedBytes: 212_992 } }),
    at: 0,
    grade: "note",
    says: "8 MiB wanted, 0.2 MiB given by net.core.rmem_max: enough for 832 echoes a second",
  },
  {
    name: "no koffi",
    facts: facts({ receiveBuffer: undefined }),
    at: 0,
    grade: "note",
    says: "cannot be asked for without koffi",
  },
  {
    name: "the clock of a virtual machine",
    facts: facts({ clockSource: { current: "kvm-clock", available: [] } }),
    at: 1,
    grade: "fine",
    says: "kvm-clock",
  },
  {
    name: "a slow clock",
    facts: facts({ clockSource: { current: "hpet", available: ["tsc", "hpet"] } }),
    at: 1,
    grade: "note",
    says: "hpet: each stamp takes the kernel a microsecond or more",
  },
  {
    name: "an unknown clock",
    facts: facts({ clockSource: undefined }),
    at: 1,
    grade: "note",
    says: "the system does not tell",
  },
  { name: "Node 24", facts: facts(), at: 2, grade: "fine", says: "v24.11.0" },
  {
    name: "Node 20",
    facts: facts({ nodeVersion: "v20.20.2" }),
    at: 2,
    grade: "note",
    says: "v20.20.2 works, but Node 20 is past its end of life: no security fixes",
  },
  {
    name: "Node 22",
    facts: facts({ nodeVersion: "v22.21.0" }),
    at: 2,
    grade: "fine",
    says: "v22.21.0",
  },
  {
    name: "Node 20.18",
    facts: facts({ nodeVersion: "v20.18.3" }),
    at: 2,
    grade: "fault",
    says: "v20.18.3 is older than 20.19",
  },
  {
    name: "Node 18",
    facts: facts({ nodeVersion: "v18.20.8" }),
    at: 2,
    grade: "fault",
    says: "v18.20.8 is older than 20.19",
  },
] as const;

for (const { name, facts: given, at, grade, says } of findings) {
  test(`findingsOf() says of ${name}: ${grade}`, () => {
    const finding = findingsOf(given)[at];
    assert.deepEqual([finding?.grade, finding?.says], [grade, says]);
  });
}

test("a buffer too small and a slow clock come with the exact line", () => {
  const [buffer, clock] = findingsOf(
    facts({
      receiveBuffer: { wantedBytes: 8_388_608, grantedBytes: 212_992 },
      clockSource: { current: "acpi_pm", available: ["tsc", "acpi_pm"] },
    }),
  );
  assert.deepEqual(buffer?.remedies[0]?.lines, ["sudo sysctl -w net.core.rmem_max=8388608"]);
  assert.match(clock?.remedies[0]?.lines[0] ?? "", /^echo tsc \| sudo tee .*current_clocksource$/);
});

const statuses = [
  {
    name: "root",
    status: "CapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n",
    want: "effective",
  },
  {
    name: "an ordinary user",
    status: "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n",
    want: "missing",
  },
  {
    name: "a container without it",
    status: "CapEff:\t00000000a80405fb\nCapBnd:\t00000000a80405fb\n",
    want: "dropped",
  },
  { name: "another system", status: "", want: "unknown" },
] as const;

for (const { name, status, want } of statuses) {
  test(`netRawOf() the status of ${name} is ${want}`, () => {
    assert.equal(netRawOf(status), want);
  });
}

test("parseGroupRange() reads what the kernel writes and nothing else", () => {
  assert.deepEqual(parseGroupRange("1\t0\n"), { low: 1, high: 0 });
  assert.deepEqual(parseGroupRange("0\t2147483647\n"), { low: 0, high: 2_147_483_647 });
  assert.equal(parseGroupRange(""), undefined);
  assert.equal(parseGroupRange("0"), undefined);
});

test("readSystemFacts() tries everything on this machine and gives an answer to each", {
  skip: process.platform === "linux" ? false : "needs Linux",
}, async () => {
  const read = await readSystemFacts(65_536);
  assert.equal(read.receiveBuffer?.wantedBytes, 65_536);
  assert.equal(read.receiveBuffer?.grantedBytes, 65_536);
  assert.equal(read.families.ipv4.hasAddress, true);
  assert.deepEqual(Object.keys(read.families.ipv4.trials), ["raw", "dgram", "raw-socket", "ping"]);
  const isPrivileged = read.process.netRaw === "effective";
  assert.equal(read.families.ipv4.trials.raw.kind, isPrivileged ? "worked" : "refused");
});
