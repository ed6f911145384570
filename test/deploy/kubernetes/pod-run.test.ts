import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { readScrape } from "../../netlab/icmp-figures.ts";
import { samplesOf } from "../../support/exposition.ts";
import { enterOwnNetwork } from "../../support/own-network.ts";
import { until } from "../../support/until.ts";
import { cannotRun } from "../../support/users.ts";
import { renderChart } from "../helm/chart.ts";
import { at, type Pod, podsOf } from "../helm/pods.ts";
import { runPod } from "./pod-run.ts";

const reason = await enterOwnNetwork();
const noUser = cannotRun("bounded", [process.execPath, "--version"]);
const skip = reason ?? (noUser === undefined ? false : `needs setpriv: ${noUser}`);

const READY_LIMIT_SECONDS = 40;
const REQUEST_LIMIT_SECONDS = 10;
/** One finished echo or more. */
const ANSWERED = /^sounder_icmp_echoes_total\{target="127\.0\.0\.1",.*\} [1-9]/m;
/** As a fresh network of a pod has it: nobody may open a ping socket. */
const CLOSED = "1 0";

/** The first echo of the chart's own configuration may be 10 s away. */
const CONFIG = {
  groups: [{ name: "loopback", modules: ["icmp"], interval: "200ms", targets: ["127.0.0.1"] }],
};

const cases = [
  { name: "the chart's defaults measure without any capability", values: {}, transport: "dgram" },
  {
    name: "icmpPrivilege raw in the host network measures with NET_RAW alone",
    values: { network: "host", icmpPrivilege: "raw" },
    transport: "raw",
  },
] as const;

for (const { name, values, transport } of cases) {
  test(`${name}: the pod's own user, capabilities, sysctls and arguments are enough`, {
    skip,
  }, async () => {
    const { manifests } = renderChart({ ...values, config: CONFIG });
    const [pod] = podsOf(manifests);
    assert.ok(pod !== undefined);
    setSysctls(pod);
    const config = manifests.find(({ kind }) => kind === "ConfigMap");
    const run = runPod(pod, String(at(config?.object, "data", "sounder.yml")), "127.0.0.1");
    try {
      const page = await until(
        async () => {
          if (run.hasEnded()) throw new Error(`the agent ended early:\n${run.stderr()}`);
          // Not /-/ready, which gives the name of the API server up to 10 s to resolve: here it never does.
          if ((await get("/-/healthy")) === undefined) return false;
          // Series are there a moment after the listener.
          const text = (await get("/metrics")) ?? "";
          return ANSWERED.test(text) && readScrape(text);
        },
        {
          deadlineSeconds: READY_LIMIT_SECONDS,
          what: "an echo of the pod's agent",
          everySeconds: 0.2,
        },
      );
      assert.equal(page.icmp({ target: "127.0.0.1" }).lost, 0);
      const [info] = samplesOf(page.families, "sounder_agent_icmp_info");
      assert.equal(info?.labels["transport"], transport, run.stderr());
    } finally {
      assert.equal(await run.stop(), 0, run.stderr());
    }
  });
}

/** The pod's network begins closed, and the runtime then sets what the pod asks for. */
function setSysctls(pod: Pod): void {
  const asked = pod.spec.securityContext?.sysctls ?? [];
  for (const { name, value } of [{ name: "net.ipv4.ping_group_range", value: CLOSED }, ...asked]) {
    writeFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, value);
  }
}

/** A page of the agent at the port of the chart: nothing else listens in this network. Undefined unless it is a 200. */
async function get(path: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:10707${path}`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000),
    });
    const body = await response.text();
    return response.status === 200 ? body : undefined;
  } catch {
    return undefined;
  }
}
