import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canRunLab } from "../netlab/can-run.ts";
import { type Lab, openLab } from "../netlab/lab.ts";
import { type AgentProcess, freePort, startAgent } from "../support/agent-process.ts";
import { type DnsServer, startDnsServer } from "../support/dns-server.ts";
import { until } from "../support/until.ts";

const reason = await canRunLab();
const skip = reason ?? false;

const DELAY_SECONDS = 0.02;
const STEADY = "10.77.0.1";
const STEADY_V6 = "fd77::1";
const HALF = "10.77.0.4";
const DEAD = "10.77.0.9";
const BEHIND_A_ROUTER = "10.77.0.12";
const NAMED = "host.example.test";
const UNKNOWN_NAME = "nowhere.example.test";
const METADATA = "169.254.169.254";

let lab: Lab;
let names: DnsServer;
let agent: AgentProcess;
let closedUrl = "";

type Listed = {
  readonly target: string;
  readonly module: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly address?: string;
  readonly family?: string;
  readonly lastFinished?: string;
  readonly icmp?: Readonly<Record<string, number>> & {
    readonly lostByReason: Readonly<Record<string, number>>;
  };
  readonly http?: { readonly statusCode: number; readonly phases: object };
};

async function list(query = ""): Promise<readonly Listed[]> {
  const { status, body } = await agent.request(`/api/v1/targets${query}`);
  assert.equal(status, 200, body);
  return JSON.parse(body).targets;
}

async function ping(query: string) {
  const { status, body } = await agent.request(`/api/v1/ping?${query}`);
  return { status, result: JSON.parse(body) };
}

before(async () => {
  if (reason !== undefined) return;
  lab = await openLab({ seed: 11 });
  await lab.hosts([
    [STEADY, { delaySeconds: DELAY_SECONDS, hopLimit: 57 }],
    [STEADY_V6, { delaySeconds: DELAY_SECONDS }],
    [HALF, { loss: { every: 2 } }],
    [BEHIND_A_ROUTER, { error: { says: "host_unreachable", from: "10.77.0.254" } }],
  ]);
  names = await startDnsServer(({ name }) =>
    name === NAMED ? { kind: "records", addresses: [STEADY_V6] } : { kind: "nxdomain" },
  );
  closedUrl = `http://127.0.0.1:${await freePort()}/`;
  agent = await startAgent({
    // Every JSON text is a YAML text.
    config: JSON.stringify({
      modules: { quick: { prober: "icmp", timeout: "300ms" } },
      defaults: { interval: "400ms", labels: { site: "lab" } },
      groups: [
        {
          name: "hosts",
          modules: ["quick"],
          targets: [STEADY, DEAD, BEHIND_A_ROUTER, NAMED, UNKNOWN_NAME],
        },
        { name: "web", modules: ["http_2xx"], targets: [closedUrl] },
      ],
      resolver: { servers: [names.address], timeout: "1s" },
      probe: { allow: [{ cidr: ["10.77.0.0/16", METADATA] }] },
    }),
  });
  await until(async () => (await list()).every(({ state }) => state !== "unknown"), {
    deadlineSeconds: 30,
    what: "a result of every target",
  });
});

after(async () => {
  if (reason !== undefined) return;
  await agent?.stop();
  await names?.close();
  await lab?.close();
});

test("the error list has the silent, the unreachable, the unresolvable and the closed target, and no other", {
  skip,
}, async () => {
  const failing = await list("?state=failing");
  assert.deepEqual(
    failing.map(({ target, state }) => [target, state]),
    [
      [DEAD, "failing"],
      [BEHIND_A_ROUTER, "failing"],
      [UNKNOWN_NAME, "unresolved"],
      [closedUrl, "failing"],
    ],
  );
  const [dead, unreachable, unresolved, closed] = failing;
  assert.equal(dead?.icmp?.["lossRatio"], 1);
  assert.deepEqual(dead?.icmp?.lostByReason, {});
  assert.equal(dead?.address, DEAD);
  assert.deepEqual(unreachable?.icmp?.lostByReason, {
    host_unreachable: unreachable?.icmp?.["lost"],
  });
  assert.equal(unresolved?.reason, "dns_nxdomain");
  assert.match(String(unresolved?.detail), /nowhere\.example\.test/);
  assert.equal(unresolved?.address, undefined);
  assert.equal(closed?.http?.statusCode, 0);
  assert.equal(closed?.reason, "connect_refused");
  assert.match(String(closed?.detail), /ECONNREFUSED/);
});

test("the list of targets has every target with its labels, address and latest answers", {
  skip,
}, async () => {
  const targets = await list();
  assert.deepEqual(
    targets.map(({ target }) => target),
    [STEADY, DEAD, BEHIND_A_ROUTER, NAMED, UNKNOWN_NAME, closedUrl],
  );
  const [steady] = targets;
  assert.equal(steady?.state, "up");
  assert.equal(steady?.module, "quick");
  assert.equal(steady?.group, "hosts");
  assert.deepEqual(steady?.labels, { site: "lab" });
  assert.equal(steady?.family, "ipv4");
  assert.equal(steady?.icmp?.["replyHopLimit"], 57);
  assert.ok((steady?.icmp?.["lastRttSeconds"] ?? 0) >= DELAY_SECONDS);
  assert.equal(steady?.icmp?.["lost"], 0);
  assert.match(String(steady?.lastFinished), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const named = targets.find(({ target }) => target === NAMED);
  assert.deepEqual([named?.state, named?.address, named?.family], ["up", STEADY_V6, "ipv6"]);
});

test("a ping tells each echo and what all of them come to", { skip }, async () => {
  const { status, result } = await ping(`target=${STEADY}&count=3&module=quick`);
  assert.equal(status, 200);
  assert.deepEqual([result.target, result.address, result.family], [STEADY, STEADY, "ipv4"]);
  assert.deepEqual([result.sent, result.received, result.lossRatio], [3, 3, 0]);
  assert.deepEqual(
    result.echoes.map((echo: { sequence: number; kind: string; hopLimit: number }) => [
      echo.sequence,
      echo.kind,
      echo.hopLimit,
    ]),
    [
      [1, "answered", 57],
      [2, "answered", 57],
      [3, "answered", 57],
    ],
  );
  const rtts: number[] = result.echoes.map((echo: { rttSeconds: number }) => echo.rttSeconds);
  assert.equal(result.minSeconds, Math.min(...rtts));
  assert.equal(result.maxSeconds, Math.max(...rtts));
  const record = await lab.record(STEADY);
  const held = record.echoes.map(({ heldSeconds }) => heldSeconds ?? Number.POSITIVE_INFINITY);
  assert.ok(result.minSeconds >= Math.min(...held));
});

test("the echoes of a ping are in no counter of its target", { skip }, async () => {
  await ping(`target=${STEADY}&count=5&module=quick`);
  const [steady] = await list();
  const { totals } = await lab.record(STEADY);
  // Beside these five the lab has seen those of the test above and what is in flight.
  assert.ok((steady?.icmp?.["echoes"] ?? Number.NaN) <= totals.received - 5);
});

for (const { name, query, want } of [
  {
    name: "a host that loses every second echo",
    query: `target=${HALF}&count=4&module=quick`,
    want: { sent: 4, received: 2, lossRatio: 0.5 },
  },
  {
    name: "a silent host",
    query: `target=${DEAD}&count=2&module=quick`,
    want: { sent: 2, received: 0, lossRatio: 1 },
  },
  {
    name: "a name",
    query: `target=${NAMED}&module=quick`,
    want: { sent: 1, received: 1, address: STEADY_V6, family: "ipv6" },
  },
  {
    name: "a name that does not resolve",
    query: `target=${UNKNOWN_NAME}&count=2`,
    want: { sent: 0, received: 0, reason: "dns_nxdomain", echoes: [] },
  },
]) {
  test(`a ping of ${name} is a 200 that says how it went`, { skip }, async () => {
    const { status, result } = await ping(query);
    assert.equal(status, 200);
    assert.deepEqual({ ...result, ...want }, result);
  });
}

test("a ping of an unreachable host names the ICMP error", { skip }, async () => {
  const { result } = await ping(`target=${BEHIND_A_ROUTER}&module=quick`);
  assert.deepEqual([result.echoes[0].kind, result.echoes[0].reason], ["lost", "host_unreachable"]);
});

test("a ping goes nowhere that the policy does not allow, and each refusal is counted", {
  skip,
}, async () => {
  const foreign = await ping("target=192.0.2.1");
  assert.equal(foreign.status, 403);
  assert.match(foreign.result.error, /^Ping refused: target "192\.0\.2\.1" is in no group/);
  const metadata = await ping(`target=${METADATA}`);
  assert.equal(metadata.status, 403);
  assert.match(metadata.result.error, /set "metadata" of probe\.deny/);
  const page = await agent.scrape();
  assert.match(page, /^sounder_agent_probe_refusals_total\{rule="targets"\} 1$/m);
  assert.match(page, /^sounder_agent_probe_refusals_total\{rule="deny:metadata"\} 1$/m);
});
