import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { after, before, test } from "node:test";
import { canRunLab } from "../netlab/can-run.ts";
import { type Lab, openLab } from "../netlab/lab.ts";
import { type AgentProcess, freePort, startAgent } from "../support/agent-process.ts";
import { type Prometheus, prometheusMissing, startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/until.ts";

const reason = (await canRunLab()) ?? prometheusMissing();
const skip = reason ?? false;

const DELAY_SECONDS = 0.02;
const WEB_DELAY_SECONDS = 0.05;
const STEADY = "10.77.0.1";
const STEADY_V6 = "fd77::1";
const LOSSY = "10.77.0.4";
const DEAD = "10.77.0.9";
const SAMPLES = 10;
const PHASES = ["connect", "processing", "resolve", "tls", "transfer"];

let lab: Lab;
let web: Server;
let agent: AgentProcess;
let prometheus: Prometheus;
let webUrl = "";

before(async () => {
  if (reason !== undefined) return;
  lab = await openLab({ seed: 7 });
  await lab.hosts([
    [STEADY, { delaySeconds: DELAY_SECONDS }],
    [STEADY_V6, { delaySeconds: DELAY_SECONDS }],
    [LOSSY, { loss: { every: 4 } }],
  ]);
  const port = await freePort();
  webUrl = `http://127.0.0.1:${port}/`;
  web = createServer((_request, response) => {
    setTimeout(() => response.end("hello"), WEB_DELAY_SECONDS * 1000);
  });
  await new Promise<void>((resolve) => web.listen(port, "127.0.0.1", resolve));
  agent = await startAgent({
    config: `
modules:
  quick: {prober: icmp, timeout: 500ms}
groups:
  - name: hosts
    modules: [quick]
    interval: 200ms
    targets: ["${STEADY}", "${STEADY_V6}", "${LOSSY}", "${DEAD}"]
  - name: web
    modules: [http_2xx]
    interval: 500ms
    targets: ["${webUrl}"]
`,
  });
  prometheus = await startPrometheus(`
  - job_name: sounder
    static_configs: [{targets: ["${agent.url.replace("http://", "")}"]}]
  - job_name: sounder-probe
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs: [{targets: ["${webUrl}"]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "${agent.url.replace("http://", "")}"}
`);
  await until(
    async () => {
      const counts = await prometheus.query(
        `count_over_time(sounder_http_duration_seconds_count{phase="processing"}[10m])`,
      );
      return (counts[0]?.value ?? 0) >= SAMPLES;
    },
    { deadlineSeconds: 90, what: `${SAMPLES} samples in Prometheus` },
  );
});

after(async () => {
  if (reason !== undefined) return;
  await prometheus?.stop();
  await agent?.stop();
  await new Promise((resolve) => web.close(resolve));
  await lab?.close();
});

test("Prometheus finds the scrape of the agent good", { skip }, async () => {
  assert.equal(await prometheus.value('up{job="sounder"}'), 1);
});

for (const { target, up } of [
  { target: STEADY, up: 1 },
  { target: STEADY_V6, up: 1 },
  { target: DEAD, up: 0 },
]) {
  test(`sounder_target_up of ${target} is ${up}`, { skip }, async () => {
    const labels = `target="${target}",module="quick",group="hosts"`;
    assert.equal(await prometheus.value(`sounder_target_up{${labels}}`), up);
  });
}

for (const target of [STEADY, STEADY_V6]) {
  test(`histogram_quantile() over the RTT buckets of ${target} is what the lab held`, {
    skip,
  }, async () => {
    const median = await prometheus.value(
      `histogram_quantile(0.5, sum by (le) (sounder_icmp_rtt_seconds_bucket{target="${target}"}))`,
    );
    // 20 ms and the little more that the lab itself takes lie in the bucket from 12.8 to 25.6 ms.
    assert.ok(median > 0.0128 && median <= 0.0256, `median ${median}`);
    const mean = await prometheus.value(
      `sounder_icmp_rtt_seconds_sum{target="${target}"} / sounder_icmp_rtt_seconds_count{target="${target}"}`,
    );
    assert.ok(mean >= DELAY_SECONDS, `mean ${mean}`);
  });
}

test("the loss ratio from counters is what the lab lost", { skip }, async () => {
  const echoes = await prometheus.value(`sounder_icmp_echoes_total{target="${LOSSY}"}`);
  assert.ok(echoes >= 4 * SAMPLES, `${echoes} echoes`);
  // Both of one scrape.
  const off = await prometheus.value(
    `sounder_icmp_lost_total{target="${LOSSY}"} - sounder_icmp_echoes_total{target="${LOSSY}"} / 4`,
  );
  // Every fourth is lost: three answered ones may have come since the last loss, and the next loss may be on its way to its
  // deadline while two later echoes are answered.
  assert.ok(Math.abs(off) <= 1.5, `${off} echoes off a quarter of ${echoes}`);
  const ratio = await prometheus.value(
    `sum(increase(sounder_icmp_lost_total{target="${LOSSY}"}[1m])) / sum(increase(sounder_icmp_echoes_total{target="${LOSSY}"}[1m]))`,
  );
  assert.ok(ratio > 0.15 && ratio < 0.35, `ratio ${ratio}`);
});

test("the loss ratio gauge agrees with the counters", { skip }, async () => {
  const ratio = await prometheus.value(`sounder_icmp_loss_ratio{target="${LOSSY}"}`);
  assert.ok(ratio > 0.15 && ratio < 0.35, `ratio ${ratio}`);
  assert.equal(await prometheus.value(`sounder_icmp_loss_ratio{target="${DEAD}"}`), 1);
  assert.equal(await prometheus.value(`sounder_icmp_loss_ratio{target="${STEADY}"}`), 0);
});

test("all five HTTP phases are there, and the server's delay is in processing", {
  skip,
}, async () => {
  const counts = await prometheus.query("sounder_http_duration_seconds_count");
  assert.deepEqual(new Set(counts.map(({ labels }) => labels["phase"])), new Set(PHASES));
  assert.equal(counts.length, PHASES.length);
  assert.deepEqual(new Set(counts.map(({ labels }) => labels["target"])), new Set([webUrl]));
  const processing = await prometheus.value(
    `sounder_http_duration_seconds_sum{phase="processing"} / sounder_http_duration_seconds_count{phase="processing"}`,
  );
  assert.ok(processing >= WEB_DELAY_SECONDS, `processing ${processing}`);
});

test("/probe answers Prometheus by blackbox_exporter's names", { skip }, async () => {
  assert.equal(await prometheus.value(`probe_success{instance="${webUrl}"}`), 1);
  assert.equal(await prometheus.value(`probe_http_status_code{instance="${webUrl}"}`), 200);
});
