import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { shorterRules } from "../e2e/alerts/shortened.ts";
import { freePort } from "../support/agent-process.ts";
import { packageRoot } from "../support/golden.ts";
import { prometheusMissing, startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/until.ts";
import { NATIVE_CONTENT_TYPE, nativePage } from "./rules/native-page.ts";

const skip = prometheusMissing() ?? false;
const WAIT_SECONDS = 60;
const RECORDING = "sounder-recording.rules.yml";
const NATIVE = "192.0.2.1";
const CLASSIC = "192.0.2.2";
/** Of schema 3: from 18.6 to 20.3 ms. */
const BUCKET = -45;
const RTT_SECONDS = 0.02;

test("quantile, mean and count have one name, however the histogram is stored", {
  skip,
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sounder-native-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const shipped = readFileSync(join(packageRoot(), "deploy/prometheus", RECORDING), "utf8");
  writeFileSync(join(directory, RECORDING), shorterRules(shipped, 60));

  let echoes = 0;
  const server = createServer((request, response) => {
    echoes += 10;
    const labels = { group: "g", module: "icmp" };
    if (request.url === "/native") {
      response.setHeader("Content-Type", NATIVE_CONTENT_TYPE);
      response.end(
        nativePage({
          name: "sounder_icmp_rtt_seconds",
          labels: { ...labels, target: NATIVE },
          count: echoes,
          sumSeconds: echoes * RTT_SECONDS,
          bucket: BUCKET,
        }),
      );
      return;
    }
    const text = `group="g",module="icmp",target="${CLASSIC}"`;
    response.setHeader("Content-Type", "text/plain; version=0.0.4");
    response.end(
      `# TYPE sounder_icmp_rtt_seconds histogram
sounder_icmp_rtt_seconds_bucket{${text},le="0.0128"} 0
sounder_icmp_rtt_seconds_bucket{${text},le="0.0256"} ${echoes}
sounder_icmp_rtt_seconds_bucket{${text},le="+Inf"} ${echoes}
sounder_icmp_rtt_seconds_sum{${text}} ${echoes * RTT_SECONDS}
sounder_icmp_rtt_seconds_count{${text}} ${echoes}
`,
    );
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const prometheus = await startPrometheus(
    `
  - {job_name: native, metrics_path: /native, static_configs: [{targets: ["127.0.0.1:${port}"]}]}
  - {job_name: classic, metrics_path: /classic, static_configs: [{targets: ["127.0.0.1:${port}"]}]}
rule_files: [${JSON.stringify(join(directory, "*.yml"))}]
`,
    ["--enable-feature=native-histograms"],
  );
  t.after(() => prometheus.stop());

  // The factor says how far from 20 ms a bucket may lead: those of the classic one double.
  for (const { target, job, factor } of [
    { target: NATIVE, job: "native", factor: 1.1 },
    { target: CLASSIC, job: "classic", factor: 2 },
  ]) {
    const what = `{target="${target}",job="${job}",group="g",module="icmp"}`;
    const median = await until(
      async () =>
        (await prometheus.query(`target:sounder_icmp_rtt_seconds:p50_5m${what}`))[0]?.value,
      { deadlineSeconds: WAIT_SECONDS, what: `the median of ${target}`, everySeconds: 0.5 },
    );
    assert.ok(median > RTT_SECONDS / factor && median < RTT_SECONDS * factor, `${median}`);
    const mean = await prometheus.value(`target:sounder_icmp_rtt_seconds:mean_5m${what}`);
    assert.ok(Math.abs(mean - RTT_SECONDS) < 1e-6, `${mean}`);
    assert.ok((await prometheus.value(`target:sounder_icmp_rtt_seconds:count_5m${what}`)) > 0);
  }
});
