import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { loadRawSocket } from "../../src/icmp/transport/raw-socket/package.ts";
import { readScrape, type Scrape } from "../netlab/icmp-figures.ts";
import { samplesOf } from "../support/exposition.ts";
import { enterOwnNetwork } from "../support/own-network.ts";
import { until } from "../support/until.ts";
import {
  cannotRun,
  NOBODY,
  sounderAs,
  type UserName,
  type UsersAgent,
  withAgentOf,
} from "../support/users.ts";
import { runProgram } from "./by-hand.ts";

/** Of its own: no group may open a ping socket in a fresh network namespace, whatever the machine allows. */
const reason = await enterOwnNetwork();
const DEADLINE_SECONDS = 30;

const LOOPBACK = [
  { family: "ipv4", name: "IPv4", address: "127.0.0.1" },
  { family: "ipv6", name: "IPv6", address: "::1" },
] as const;

const GROUPS = { nobody: "1 0", everybody: "0 2147483647" } as const;
/** Of the network namespace of this thread. */
const PING_GROUP_RANGE = "/proc/sys/net/ipv4/ping_group_range";

/** Why a user's case cannot be tried here. */
function skipOf(user: UserName, needsPing = false): string | false {
  if (reason !== undefined) return reason;
  const noUser = cannotRun(user, [process.execPath, "--version"]);
  if (noUser !== undefined) return `needs setpriv, and Node for every user: ${noUser}`;
  if (!needsPing) return false;
  const noPing = cannotRun(user, ["ping", "-c", "1", "-W", "5", "127.0.0.1"]);
  return noPing === undefined ? false : `needs a program ping that may send: ${noPing}`;
}

function configOf(transport = "auto"): string {
  return JSON.stringify({
    icmp: { transport },
    groups: [
      {
        name: "self",
        modules: ["icmp"],
        interval: "200ms",
        targets: LOOPBACK.map(({ address }) => address),
      },
    ],
  });
}

async function scrape({ get }: UsersAgent): Promise<Scrape> {
  const { status, body } = await get("/metrics");
  assert.equal(status, 200, body);
  return readScrape(body);
}

/** Family, transport and whose transmit stamps, as `/metrics` tells. */
function transportsOf({ families }: Scrape): readonly unknown[] {
  return samplesOf(families, "sounder_agent_icmp_info").map(({ labels, value }) => {
    assert.equal(value, 1);
    return [labels["family"], labels["transport"], labels["transmit_stamp"]];
  });
}

const ofBoth = (transport: string, stamp: string): readonly unknown[] =>
  LOOPBACK.map(({ family }) => [family, transport, stamp]);

/** Waits for echoes of both families, none of which may be lost. */
async function measures(agent: UsersAgent): Promise<Scrape> {
  const page = await until(
    async () => {
      const now = await scrape(agent);
      return LOOPBACK.every(({ address }) => now.icmp({ target: address }).echoes >= 3) && now;
    },
    { deadlineSeconds: DEADLINE_SECONDS, what: "three echoes of each family", everySeconds: 0.2 },
  );
  for (const { address } of LOOPBACK) {
    const { lost, unsent, up, lastRttSeconds = 0 } = page.icmp({ target: address });
    assert.deepEqual([lost, unsent, up], [0, 0, 1], address);
    assert.ok(lastRttSeconds > 0 && lastRttSeconds < 1, `${address} took ${lastRttSeconds} s`);
  }
  return page;
}

/** What the agent said at its start of the transport that each family has, and of the better ones. */
function startMessages(stderr: string): readonly string[] {
  return stderr
    .split("\n")
    .filter((line) => line.includes('msg="ICMP transport"'))
    .map((line) => line.replace(/^.*msg="ICMP transport" /, ""));
}

const packageSays =
  (await loadRawSocket()).kind === "absent"
    ? "raw-socket: [^;]+"
    : "raw-socket: the package is there but opens no socket \\(EPERM\\)[^;]*";
const rawSays = `raw: this process runs as user ${NOBODY} without CAP_NET_RAW`;
const dgramSays = `dgram: net\\.ipv4\\.ping_group_range allows no group, this process has group ${NOBODY}`;

/** Where it can measure: as whom, and what it then has and says. */
const working: readonly {
  readonly name: string;
  readonly user: UserName;
  readonly groups: keyof typeof GROUPS;
  readonly transport?: string;
  readonly has: string;
  readonly stamp: "kernel" | "send_call";
  /** Why better ones do not work, as the start message has it; undefined for no word of it. */
  readonly because?: RegExp;
  readonly needsPing?: boolean;
}[] = [
  { name: "root", user: "root", groups: "nobody", has: "raw", stamp: "kernel" },
  {
    name: "an ordinary user whose group may open ping sockets",
    user: "ordinary",
    groups: "everybody",
    has: "dgram",
    stamp: "kernel",
    because: new RegExp(`^${rawSays}$`),
  },
  {
    name: "an ordinary user whose container gives it nothing but ping sockets",
    user: "bounded",
    groups: "everybody",
    has: "dgram",
    stamp: "kernel",
    because: /^raw: CAP_NET_RAW was taken from this process and whatever it starts/,
  },
  {
    name: "an ordinary user with nothing but the program ping",
    user: "ordinary",
    groups: "nobody",
    has: "ping",
    stamp: "send_call",
    because: new RegExp(`^${rawSays}; ${dgramSays}; ${packageSays}$`),
    needsPing: true,
  },
  {
    name: "root that asks for the program ping",
    user: "root",
    groups: "nobody",
    transport: "ping",
    has: "ping",
    stamp: "send_call",
    needsPing: true,
  },
  {
    name: "root that asks for ping sockets",
    user: "root",
    groups: "everybody",
    transport: "dgram",
    has: "dgram",
    stamp: "kernel",
  },
];

for (const { name, user, groups, transport, has, stamp, because, needsPing } of working) {
  const skip = skipOf(user, needsPing);

  describe(name, () => {
    test(`measures both families by ${has}, and says why not better`, { skip }, async () => {
      writeFileSync(PING_GROUP_RANGE, GROUPS[groups]);
      const code = await withAgentOf(user, configOf(transport), async (agent) => {
        const page = await measures(agent);
        assert.deepEqual(transportsOf(page), ofBoth(has, stamp));
        assert.equal(
          samplesOf(page.families, "sounder_agent_icmp_stamp_missing_total")[0]?.value,
          0,
        );
        const messages = startMessages(agent.stderr());
        assert.equal(messages.length, 2, agent.stderr());
        for (const [at, message] of messages.entries()) {
          const head = `family=${LOOPBACK[at]?.family} transport=${has}`;
          assert.ok(message.startsWith(head), message);
          const [, why] = /^ because="?(.*?)"?$/.exec(message.slice(head.length)) ?? [];
          if (because === undefined) assert.equal(why, undefined);
          else assert.match(why ?? "", because);
        }
        const now = await agent.get("/api/v1/ping?target=127.0.0.1&count=2");
        assert.equal(now.status, 200, now.body);
        assert.equal((JSON.parse(now.body) as { received: number }).received, 2, now.body);
        const probe = await agent.get("/probe?module=icmp&target=::1");
        assert.match(probe.body, /^probe_success 1$/m);
      });
      assert.equal(code, 0);
    });

    // Both look for the best transport, whatever a file asks for.
    if (transport !== undefined) return;

    test("sounder doctor and sounder ping agree", { skip }, async () => {
      writeFileSync(PING_GROUP_RANGE, GROUPS[groups]);
      const doctor = await runProgram(sounderAs(user, "doctor"), undefined, { cwd: "/" });
      for (const { name: familyName } of LOOPBACK) {
        const verdict = `ICMP over ${familyName}: ${has} is best here\n`;
        assert.ok(doctor.stdout.includes(verdict), doctor.stdout);
      }
      assert.deepEqual([doctor.code, doctor.stderr], [0, ""]);
      const hosts = LOOPBACK.map(({ address }) => address);
      const argv = ["ping", "-c2", "-i0.1", ...hosts];
      const ping = await runProgram(sounderAs(user, ...argv), undefined, { cwd: "/" });
      assert.deepEqual([ping.code, ping.stderr], [0, ""], ping.stdout);
      for (const host of hosts) {
        assert.ok(new RegExp(`^${host} +2 +2 +0% `, "m").test(ping.stdout), ping.stdout);
      }
    });
  });
}

/** Where it cannot measure at all: what it says then, everywhere. */
const failing: readonly {
  readonly name: string;
  readonly user: UserName;
  readonly transport?: string;
  readonly says: RegExp;
}[] = [
  {
    name: "an ordinary user from whom everything was taken",
    user: "bounded",
    says: new RegExp(
      `no ICMP transport works here: grant CAP_NET_RAW or widen net\\.ipv4\\.ping_group_range \\(ipv4 and ipv6: raw: CAP_NET_RAW was taken from this process [^;]*; ${dgramSays}; ${packageSays}; ping: [^;)]+\\)`,
    ),
  },
  {
    name: "root that asks for ping sockets where no group may open them",
    user: "root",
    transport: "dgram",
    says: /widen net\.ipv4\.ping_group_range \(ipv4 and ipv6: dgram: net\.ipv4\.ping_group_range allows no group, this process has group[^)]*\)/,
  },
  {
    name: "an ordinary user that asks for raw sockets",
    user: "ordinary",
    transport: "raw",
    says: new RegExp(`grant CAP_NET_RAW.* \\(ipv4 and ipv6: ${rawSays}\\)`),
  },
];

for (const { name, user, transport, says } of failing) {
  const skip = skipOf(user);

  describe(name, () => {
    test("has an agent that runs, says why, and shows its targets at 0", { skip }, async () => {
      writeFileSync(PING_GROUP_RANGE, GROUPS.nobody);
      const code = await withAgentOf(user, configOf(transport), async (agent) => {
        const [error, ...more] = agent
          .stderr()
          .split("\n")
          .filter((line) => / level=(?:error|warn) /.test(line));
        assert.match(error ?? "", / level=error msg="ICMP cannot be measured" error=/);
        assert.match(error ?? "", says);
        assert.deepEqual(more, []);

        const ready = await agent.get("/-/ready");
        assert.equal(ready.status, 503);
        assert.match(ready.body, says);

        const page = await scrape(agent);
        for (const { address } of LOOPBACK) {
          const { echoes, lost, unsent, rtt, up } = page.icmp({ target: address });
          assert.deepEqual([echoes, lost, unsent, rtt.count, up], [0, 0, 0, 0, undefined]);
        }
        assert.deepEqual(transportsOf(page), []);

        const ping = await agent.get("/api/v1/ping?target=127.0.0.1");
        assert.equal(ping.status, 503);
        assert.match((JSON.parse(ping.body) as { error: string }).error, says);
        const probe = await agent.get("/probe?module=icmp&target=127.0.0.1");
        assert.match(probe.body, /^probe_success 0$/m);
        assert.match(probe.body, /^probe_failure_info\{reason="icmp_unavailable"\} 1$/m);
        const debug = await agent.get("/probe?module=icmp&target=127.0.0.1&debug=true");
        assert.match(debug.body, says);
      });
      assert.equal(code, 0);
    });

    if (transport !== undefined) return;

    test("sounder ping ends with 1 and the same sentence, sounder doctor with the remedies", {
      skip,
    }, async () => {
      writeFileSync(PING_GROUP_RANGE, GROUPS.nobody);
      const argv = ["ping", "-c1", "127.0.0.1"];
      const ping = await runProgram(sounderAs(user, ...argv), undefined, { cwd: "/" });
      assert.equal(ping.code, 1);
      assert.match(
        ping.stderr,
        /^sounder ping: Cannot ping: [^\n]+; "sounder doctor" tells more\n$/,
      );
      assert.match(ping.stderr, says);
      const doctor = await runProgram(sounderAs(user, "doctor"), undefined, { cwd: "/" });
      assert.equal(doctor.code, 1);
      assert.match(doctor.stdout, /ICMP over IPv4: no transport works\n/);
      assert.match(doctor.stdout, /ICMP over IPv6: no transport works\n/);
      assert.match(doctor.stdout, /--cap-add=NET_RAW/);
      assert.match(doctor.stdout, /sysctl -w net\.ipv4\.ping_group_range=/);
    });
  });
}
