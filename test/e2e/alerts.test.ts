import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ruleFileNames } from "../deploy/rules/rule-files.ts";
import { canRunLab } from "../netlab/can-run.ts";
import { type Lab, openLab } from "../netlab/lab.ts";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { packageRoot } from "../support/golden.ts";
import { type Prometheus, prometheusMissing, startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/until.ts";
import {
  type Alertmanager,
  alertmanagerMissing,
  startAlertmanager,
} from "./alerts/alertmanager.ts";
import { shorterAlertmanager, shorterRules } from "./alerts/shortened.ts";
import { type Notified, startWebhook, type Webhook } from "./alerts/webhook.ts";

const reason = (await canRunLab()) ?? prometheusMissing() ?? alertmanagerMissing();
const skip = reason ?? false;

/** An hour of the shipped rules is a minute here. */
const FACTOR = 60;
const WAIT_SECONDS = 60;
/** The agent itself looks at a minute to say whether its measurement is suspect, and that is not shortened. */
const SUSPECT_WAIT_SECONDS = 110;

const LOSSY = "10.77.0.4";
const STEADY = "10.77.0.5";
const GATEWAY = "10.77.1.1";
const BEHIND = ["10.77.1.11", "10.77.1.12", "fd77::11"];
/** Seen by the agent whose socket is starved. */
const LOSSY_OF_STARVED = "10.77.2.1";
/** Replies of theirs are under way most of the time; more than the starved agent's socket holds. */
const DISTANT = Array.from({ length: 300 }, (_, index) => `10.80.${index >> 8}.${index & 0xff}`);
const DISTANT_SECONDS = 6;
const A_THIRD = { loss: { every: 3 } };
const SILENT = { loss: { probability: 1 } };

let directory = "";
let lab: Lab;
let webhook: Webhook;
let alertmanager: Alertmanager;
let agent: AgentProcess;
let starved: AgentProcess;
let prometheus: Prometheus;

before(async () => {
  if (reason !== undefined) return;
  directory = mkdtempSync(join(tmpdir(), "sounder-alerts-"));
  lab = await openLab({ seed: 31 });
  const near = [LOSSY, STEADY, GATEWAY, ...BEHIND, LOSSY_OF_STARVED];
  await lab.hosts(near.map((address) => [address, {}]));
  await lab.hosts(DISTANT.map((address) => [address, { delaySeconds: DISTANT_SECONDS }]));
  webhook = await startWebhook();
  alertmanager = await startAlertmanager(
    shorterAlertmanager(shipped("deploy/alertmanager/alertmanager.yml"), FACTOR, webhook.url),
  );
  const quick = {
    modules: { quick: { prober: "icmp", timeout: "200ms" } },
    defaults: { fast_interval: "0s", interval: "250ms" },
  };
  agent = await startAgent({
    config: JSON.stringify({
      ...quick,
      groups: [
        { name: "core", modules: ["quick"], targets: [LOSSY, STEADY, gatewayTarget()] },
        { name: "site", modules: ["quick"], labels: { via: "gw" }, targets: BEHIND },
      ],
    }),
  });
  starved = await startAgent({
    config: JSON.stringify({
      ...quick,
      modules: { ...quick.modules, distant: { prober: "icmp", timeout: "9s" } },
      icmp: { receive_buffer: "16KiB" },
      groups: [
        { name: "near", modules: ["quick"], targets: [LOSSY_OF_STARVED] },
        { name: "far", modules: ["distant"], interval: "10s", targets: DISTANT },
      ],
    }),
  });
  prometheus = await startPrometheus(`
  - job_name: sounder
    static_configs: [{targets: [${[agent, starved].map(({ url }) => JSON.stringify(hostOf(url))).join(", ")}]}]
rule_files: [${JSON.stringify(join(writeRules(), "*.yml"))}]
alerting: {alertmanagers: [{static_configs: [{targets: ["${alertmanager.address}"]}]}]}
`);
  await until(
    async () => (await prometheus.query("target:sounder_samples:increase_1h >= 20")).length >= 7,
    {
      deadlineSeconds: WAIT_SECONDS,
      what: "20 echoes of every near target in the recorded series",
      everySeconds: 0.5,
    },
  );
});

after(async () => {
  if (reason !== undefined) return;
  await prometheus?.stop();
  if (starved !== undefined) process.kill(starved.processId, "SIGCONT");
  await Promise.all([starved?.stop(), agent?.stop()]);
  await alertmanager?.stop();
  await webhook?.stop();
  await lab?.close();
  if (directory !== "") rmSync(directory, { recursive: true, force: true });
});

test("a host that loses a third of its echoes is told, by ticket", { skip }, async () => {
  await lab.host(LOSSY, A_THIRD);
  const { receiver, annotations, labels } = await told("SounderLossHigh", LOSSY);
  assert.equal(receiver, "ticket");
  assert.equal(labels["instance"], hostOf(agent.url));
  assert.match(
    annotations["summary"] ?? "",
    /^10\.77\.0\.4 \(quick, from .+\) loses [\d.]+% of its echoes$/,
  );
  await lab.host(LOSSY, {});
});

test("a gateway that dies wakes somebody, what lies behind it does not", { skip }, async () => {
  await lab.hosts([GATEWAY, ...BEHIND].map((address) => [address, SILENT]));
  const { receiver } = await told("SounderTargetDown", GATEWAY);
  assert.equal(receiver, "page");
  for (const target of BEHIND) {
    await until(
      async () =>
        (await alertmanager.alerts()).some(
          ({ labels, status }) =>
            labels["alertname"] === "SounderTargetDown" &&
            labels["target"] === target &&
            status.state === "suppressed",
        ),
      {
        deadlineSeconds: WAIT_SECONDS,
        what: `the alert on ${target} to be suppressed`,
        everySeconds: 0.5,
      },
    );
  }
});

test("an agent whose socket overflowed says so, and not that its hosts lose", {
  skip,
}, async () => {
  process.kill(starved.processId, "SIGSTOP");
  await until(async () => (await lab.totals()).pending === 0, {
    deadlineSeconds: 4 * DISTANT_SECONDS,
    what: "the lab's last reply to a stopped agent",
    everySeconds: 0.1,
  });
  await lab.host(LOSSY_OF_STARVED, A_THIRD);
  process.kill(starved.processId, "SIGCONT");
  const { receiver, labels } = await told("SounderAgentMeasuresBadly");
  assert.equal(receiver, "page");
  assert.equal(labels["cause"], "socket_overflow");
  assert.equal(labels["instance"], hostOf(starved.url));
  const loss = `target:sounder_icmp_loss:ratio_1h{target="${LOSSY_OF_STARVED}"} > 0.05
    and target:sounder_icmp_loss:ratio_5m > 0.05 and target:sounder_samples:increase_1h >= 20`;
  await until(async () => (await prometheus.query(loss)).length === 1, {
    deadlineSeconds: WAIT_SECONDS,
    what: "loss that would be told otherwise",
    everySeconds: 0.5,
  });
  const suspect = `sounder_agent_measurement_suspect{cause="socket_overflow"} == 1`;
  assert.equal((await prometheus.query(suspect)).length, 1, "it is still suspect");
  await lab.hosts([GATEWAY, ...BEHIND, LOSSY_OF_STARVED].map((address) => [address, {}]));
});

test("everything that was told is told to be over", { skip }, async () => {
  await until(() => unresolved().length === 0, {
    deadlineSeconds: SUSPECT_WAIT_SECONDS,
    what: "each alert to resolve",
    everySeconds: 0.5,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; there are ${JSON.stringify(unresolved())}`);
  });
});

test("what another alert explains was never told", { skip }, () => {
  const all = webhook.notified().map(({ labels }) => labels);
  const ofHidden = all.filter(({ via, role }) => via === "gw" && role !== "gateway");
  assert.deepEqual(ofHidden, []);
  const ofStarved = all.filter(({ target }) => target === LOSSY_OF_STARVED);
  assert.deepEqual(ofStarved, []);
  const ofSteady = all.filter(({ target }) => target === STEADY);
  assert.deepEqual(ofSteady, []);
  const lossOfTheDead = all.filter(
    ({ target, alertname }) => target === GATEWAY && alertname === "SounderLossHigh",
  );
  assert.deepEqual(lossOfTheDead, []);
});

function gatewayTarget(): object {
  return { target: GATEWAY, labels: { role: "gateway", via: "gw" } };
}

/** The first notification that an alert fires. */
async function told(alertname: string, target?: string): Promise<Notified> {
  return until(
    () =>
      webhook
        .notified()
        .find(
          ({ status, labels }) =>
            status === "firing" &&
            labels["alertname"] === alertname &&
            (target === undefined || labels["target"] === target),
        ),
    {
      deadlineSeconds: WAIT_SECONDS,
      what: `a notification of ${alertname} ${target ?? ""}`,
      everySeconds: 0.1,
    },
  );
}

/** Alerts whose latest notification says that they fire. */
function unresolved(): readonly Notified["labels"][] {
  const latest = new Map(
    webhook.notified().map((notified) => [JSON.stringify(notified.labels), notified]),
  );
  return [...latest.values()]
    .filter(({ status }) => status === "firing")
    .map(({ labels }) => labels);
}

function writeRules(): string {
  for (const name of ruleFileNames()) {
    const text = shipped(join("deploy/prometheus", name));
    writeFileSync(join(directory, name), shorterRules(text, FACTOR));
  }
  return directory;
}

function shipped(path: string): string {
  return readFileSync(join(packageRoot(), path), "utf8");
}

function hostOf(url: string): string {
  return url.replace("http://", "");
}
