import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineFigures } from "../../src/icmp/engine-contract.ts";
import { SEND_LAG_BOUNDS } from "../../src/metrics/histogram.ts";
import { type AgentFigures, AgentMetrics } from "../../src/report/agent-metrics.ts";
import { AGENT_METRICS } from "../../src/report/catalogue.ts";
import { type ParsedFamily, parseExposition, sampleValue } from "../support/exposition.ts";
import { promtoolComplaints, promtoolMissing } from "../support/promtool.ts";

const engine: EngineFigures = {
  families: [
    {
      family: "ipv4",
      transport: "raw",
      transmitStamp: "kernel",
      socketDrops: 3,
      receiveBufferBytes: 425_984,
    },
    {
      family: "ipv6",
      transport: "raw",
      transmitStamp: "send_call",
      socketDrops: 0,
      receiveBufferBytes: 425_984,
    },
  ],
  wantedReceiveBufferBytes: 8_388_608,
  foreignPackets: 12,
  fastEchoesSkipped: 6,
  stampsMissing: 1,
  missedTicks: 4,
  sendLag: {
    count: 5,
    sumSeconds: 0.002,
    buckets: Float64Array.from({ length: SEND_LAG_BOUNDS.length + 1 }, (_, at) => [2, 3][at] ?? 0),
  },
  suspectCauses: ["socket_overflow"],
};

const figures: AgentFigures = {
  engine,
  pool: { inFlight: { http: 7 }, missedTicks: { http: 2 } },
  groups: [
    { name: "core", targets: 3, targetsWaiting: 0, duplicateTargets: 1, series: 96 },
    { name: "web", targets: 1, targetsWaiting: 0, duplicateTargets: 0, series: 120 },
  ],
  scrapeSeconds: 0.012,
};

function newMetrics(): AgentMetrics {
  const nodeVersion = "v20.19.0";
  return new AgentMetrics({ version: "0.1.0", nodeVersion, hasNodeMetrics: false });
}

async function rendered(
  metrics: AgentMetrics,
  of: AgentFigures = figures,
): Promise<ReadonlyMap<string, ParsedFamily>> {
  return parseExposition(await metrics.render(of));
}

test("render() gives every metric of the agent in the catalogue, with its type, help and labels", async () => {
  const metrics = newMetrics();
  metrics.countRefusal("metadata");
  const families = await rendered(metrics);
  for (const { name, type, help, labels } of Object.values(AGENT_METRICS)) {
    const family = families.get(name);
    assert.equal(family?.type, type, name);
    assert.equal(family.help, help, name);
    for (const { labels: own } of family.samples) {
      const unknown = Object.keys(own).filter((label) => ![...labels, "le"].includes(label));
      assert.deepEqual(unknown, [], name);
    }
  }
  assert.equal(families.size, Object.keys(AGENT_METRICS).length);
});

test("render() shows the engine's figures", async () => {
  const families = await rendered(newMetrics());
  const of = (name: string, labels = {}): number | undefined => sampleValue(families, name, labels);
  const icmp = "sounder_agent_icmp";
  const info = { family: "ipv6", transport: "raw", transmit_stamp: "send_call" };
  assert.equal(of(`${icmp}_info`, info), 1);
  assert.equal(of(`${icmp}_socket_drops_total`, { family: "ipv4" }), 3);
  assert.equal(of(`${icmp}_receive_buffer_bytes`, { family: "ipv4" }), 425_984);
  assert.equal(of(`${icmp}_receive_buffer_wanted_bytes`), 8_388_608);
  assert.equal(of(`${icmp}_foreign_packets_total`), 12);
  assert.equal(of(`${icmp}_stamp_missing_total`), 1);
  assert.equal(of(`${icmp}_fast_echoes_skipped_total`), 6);
  assert.equal(of(`${icmp}_send_lag_seconds_count`), 5);
  assert.equal(of(`${icmp}_send_lag_seconds_sum`), 0.002);
  assert.equal(of(`${icmp}_send_lag_seconds_bucket`, { le: "5e-05" }), 2);
  const suspect = "sounder_agent_measurement_suspect";
  assert.equal(of(suspect, { cause: "socket_overflow" }), 1);
  assert.equal(of(suspect, { cause: "clock_step" }), 0);
  assert.equal(of("sounder_agent_missed_ticks_total", { prober: "icmp" }), 4);
  assert.equal(of("sounder_agent_missed_ticks_total", { prober: "http" }), 2);
  assert.equal(of("sounder_agent_probes_in_flight", { prober: "http" }), 7);
});

test("render() counts up from readings, and takes one that fell as a source begun anew", async () => {
  const metrics = newMetrics();
  const name = "sounder_agent_icmp_foreign_packets_total";
  const readings = [
    { name: "the first reading", foreignPackets: 12, want: 12 },
    { name: "the same again", foreignPackets: 12, want: 12 },
    { name: "a higher one", foreignPackets: 20, want: 20 },
    { name: "a lower one", foreignPackets: 5, want: 25 },
  ] as const;
  for (const { foreignPackets, want } of readings) {
    const families = await rendered(metrics, { ...figures, engine: { ...engine, foreignPackets } });
    assert.equal(sampleValue(families, name), want);
  }
  const without = await rendered(metrics, { ...figures, engine: undefined });
  assert.equal(sampleValue(without, name), 25);
  assert.equal(sampleValue(without, "sounder_agent_icmp_send_lag_seconds_count"), 5);
});

test("what a transport cannot tell is absent, and breaks nothing", async () => {
  const metrics = newMetrics();
  const of = { transport: "ping", transmitStamp: "send_call" } as const;
  const families = [
    { family: "ipv4", ...of, socketDrops: -1, receiveBufferBytes: 0 },
    { family: "ipv6", ...of, socketDrops: Number.NaN, receiveBufferBytes: Number.NaN },
  ] as const;
  for (let round = 0; round < 2; round += 1) {
    const shown = await rendered(metrics, { ...figures, engine: { ...engine, families } });
    assert.equal(shown.get("sounder_agent_icmp_info")?.samples.length, 2);
    const counted = [
      "sounder_agent_icmp_socket_drops_total",
      "sounder_agent_icmp_receive_buffer_bytes",
    ];
    for (const name of counted) assert.equal(shown.get(name)?.samples.length ?? 0, 0, name);
  }
});

test("another transport takes the place of the one before it", async () => {
  const metrics = newMetrics();
  await rendered(metrics);
  const [ipv4] = engine.families;
  assert.ok(ipv4 !== undefined);
  const now = { ...ipv4, transport: "dgram", transmitStamp: "send_call", socketDrops: 5 } as const;
  const shown = await rendered(metrics, { ...figures, engine: { ...engine, families: [now] } });
  const labels = shown.get("sounder_agent_icmp_info")?.samples.map((sample) => sample.labels);
  assert.deepEqual(labels, [{ family: "ipv4", transport: "dgram", transmit_stamp: "send_call" }]);
  const buffers = shown.get("sounder_agent_icmp_receive_buffer_bytes")?.samples;
  assert.deepEqual(
    buffers?.map((sample) => sample.labels["family"]),
    ["ipv4"],
  );
  const drops = (family: string): number | undefined =>
    sampleValue(shown, "sounder_agent_icmp_socket_drops_total", { family });
  assert.deepEqual([drops("ipv4"), drops("ipv6")], [5, 0]);
});

test("a cause of suspicion is at 1 while it holds, one that the program does not know included", async () => {
  const metrics = newMetrics();
  const suspect = async (suspectCauses: readonly string[]): Promise<unknown> => {
    const shown = await rendered(metrics, { ...figures, engine: { ...engine, suspectCauses } });
    const samples = shown.get("sounder_agent_measurement_suspect")?.samples ?? [];
    return Object.fromEntries(samples.map(({ labels, value }) => [labels["cause"], value]));
  };
  const quiet = { socket_overflow: 0, stopped: 0, clock_step: 0 };
  assert.deepEqual(await suspect(["stopped", "full_moon"]), { ...quiet, stopped: 1, full_moon: 1 });
  assert.deepEqual(await suspect([]), quiet);
});

test("render() without an engine has its counters at 0", async () => {
  const families = await rendered(newMetrics(), { ...figures, engine: undefined });
  assert.equal(sampleValue(families, "sounder_agent_icmp_foreign_packets_total"), 0);
  assert.equal(sampleValue(families, "sounder_agent_missed_ticks_total", { prober: "icmp" }), 0);
});

test("render() forgets a group that is gone", async () => {
  const metrics = newMetrics();
  await rendered(metrics);
  const families = await rendered(metrics, { ...figures, groups: figures.groups.slice(1) });
  assert.equal(sampleValue(families, "sounder_agent_targets", { group: "core" }), undefined);
  assert.equal(sampleValue(families, "sounder_agent_series", { group: "web" }), 120);
});

test("what happens to the agent is counted", async () => {
  const metrics = newMetrics();
  metrics.setReload(true, 1_700_000_000);
  metrics.setReload(false, 1_700_000_100);
  metrics.countDisturbed();
  metrics.countRefusal("metadata");
  metrics.countRefusal("metadata");
  metrics.countUnknownModule();
  metrics.observeStartDelay(0.003);
  const families = await rendered(metrics);
  const of = (name: string, labels = {}): number | undefined => sampleValue(families, name, labels);
  const reload = "sounder_config_last_reload";
  assert.equal(of(`${reload}_successful`), 0);
  assert.equal(of(`${reload}_success_timestamp_seconds`), 1_700_000_000);
  assert.equal(of("sounder_agent_probes_disturbed_total"), 1);
  assert.equal(of("sounder_agent_probe_refusals_total", { rule: "metadata" }), 2);
  assert.equal(of("sounder_agent_module_unknown_total"), 1);
  assert.equal(of("sounder_agent_probe_start_delay_seconds_bucket", { le: "0.002" }), 0);
  assert.equal(of("sounder_agent_probe_start_delay_seconds_bucket", { le: "0.004" }), 1);
});

const builds = [
  { name: "a revision", revision: "abc123", want: "abc123" },
  { name: "no revision", revision: undefined, want: undefined },
] as const;

for (const { name, revision, want } of builds) {
  test(`sounder_build_info with ${name}`, async () => {
    const of = revision === undefined ? {} : { revision };
    const nodeVersion = "v20.19.0";
    const metrics = new AgentMetrics({
      version: "0.1.0",
      nodeVersion,
      hasNodeMetrics: false,
      ...of,
    });
    const [sample] = (await rendered(metrics)).get("sounder_build_info")?.samples ?? [];
    assert.equal(sample?.value, 1);
    assert.equal(sample.labels["version"], "0.1.0");
    assert.equal(sample.labels["node"], "v20.19.0");
    assert.equal(sample.labels["revision"], want);
  });
}

test("process_* and nodejs_* come along, without nodejs_active_*", async () => {
  const metrics = new AgentMetrics({ version: "0.1.0", nodeVersion: process.version });
  const names = [...(await rendered(metrics)).keys()];
  assert.ok(names.includes("process_cpu_user_seconds_total"));
  assert.ok(names.includes("nodejs_eventloop_lag_p99_seconds"));
  assert.deepEqual(
    names.filter((name) => name.startsWith("nodejs_active_")),
    [],
  );
});

test("promtool finds nothing to say of the whole", { skip: promtoolMissing }, async () => {
  const metrics = new AgentMetrics({ version: "0.1.0", nodeVersion: process.version });
  assert.equal(promtoolComplaints(await metrics.render(figures)), "");
});
