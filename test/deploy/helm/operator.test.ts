import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { packageRoot } from "../../support/golden.ts";
import { CHART, ciValues, type Manifest, readYaml, renderChart } from "./chart.ts";
import { at } from "./pods.ts";

type Rule = { readonly alert?: string; readonly annotations?: Readonly<Record<string, string>> };
type Group = { readonly name: string; readonly rules: readonly Rule[] };

/** What the chart takes from elsewhere in the package, by link: there is no copy that could differ. */
const LINKED = [
  { in: "files/rules", from: "deploy/prometheus", ending: ".rules.yml" },
  { in: "files/dashboards", from: "grafana/dashboards", ending: ".json" },
] as const;

for (const { in: folder, from, ending } of LINKED) {
  test(`${folder} links to each file of ${from}, and to nothing else`, () => {
    const shipped = readdirSync(join(packageRoot(), from)).filter((name) => name.endsWith(ending));
    const links = readdirSync(join(CHART, folder));
    assert.deepEqual(links.toSorted(), shipped.toSorted());
    for (const name of links) {
      assert.ok(lstatSync(join(CHART, folder, name)).isSymbolicLink(), name);
      assert.equal(
        realpathSync(join(CHART, folder, name)),
        join(realpathSync(packageRoot()), from, name),
      );
    }
  });
}

function rendered(file: string, kind: string): Manifest[] {
  const values = ciValues().get(file);
  assert.ok(values !== undefined, file);
  return renderChart(values).manifests.filter((manifest) => manifest.kind === kind);
}

function groupsOf(rules: readonly Manifest[]): Group[] {
  return rules.flatMap(({ object }) => at(object, "spec", "groups") as Group[]);
}

test("PrometheusRule objects are the shipped rules, but for the links and the alerts left out", () => {
  const shipped = readdirSync(join(CHART, "files/rules")).flatMap((name) => {
    const { groups } = readYaml(join(CHART, "files/rules", name)) as { readonly groups: Group[] };
    return groups;
  });
  const linked = JSON.stringify(shipped)
    .replaceAll("https://runbooks.example/", "https://wiki.example.net/runbooks/")
    .replaceAll("https://grafana.example/", "https://grafana.example.net/");
  const wanted = (JSON.parse(linked) as Group[])
    .map((group) => ({
      ...group,
      rules: group.rules.filter(({ alert }) => alert !== "SounderJitterHigh"),
    }))
    .filter(({ rules }) => rules.length > 0);
  assert.deepEqual(groupsOf(rendered("operator-values.yaml", "PrometheusRule")), wanted);
});

test("an alert's links lead where the values say", () => {
  const alerts = groupsOf(rendered("operator-values.yaml", "PrometheusRule"))
    .flatMap(({ rules }) => rules)
    .filter(({ alert }) => alert !== undefined);
  assert.ok(alerts.length > 10);
  for (const { alert, annotations } of alerts) {
    assert.match(
      annotations?.["runbook_url"] ?? "",
      /^https:\/\/wiki\.example\.net\/runbooks\/\w+\.md$/,
    );
    assert.match(
      annotations?.["dashboard_url"] ?? "",
      /^https:\/\/grafana\.example\.net\/d\/sounder-/,
      alert,
    );
  }
});

test("rules of /probe come only when asked for", () => {
  const names = (values: object): string[] =>
    renderChart({ prometheusRule: { enabled: true, ...values } })
      .manifests.filter(({ kind }) => kind === "PrometheusRule")
      .map(({ metadata }) => metadata.name);
  assert.deepEqual(names({}), ["sounder-alerts", "sounder-objectives", "sounder-recording"]);
  assert.deepEqual(names({ recording: false, blackbox: true }), [
    "sounder-alerts",
    "sounder-blackbox",
  ]);
  assert.deepEqual(names({ recording: false, alerts: false }), []);
});

test("each dashboard is a ConfigMap with the sidecar's label, to the letter, below the 1 MiB an object may have", () => {
  const maps = rendered("operator-values.yaml", "ConfigMap").filter(
    ({ metadata }) => at(metadata, "labels", "grafana_dashboard") === "1",
  );
  const shipped = readdirSync(join(packageRoot(), "grafana/dashboards"));
  assert.equal(maps.length, shipped.length);
  for (const { object } of maps) {
    const [[name, text] = ["", ""]] = Object.entries(at(object, "data") as Record<string, string>);
    const json = readFileSync(join(packageRoot(), "grafana/dashboards", name), "utf8");
    assert.deepEqual(JSON.parse(text), JSON.parse(json));
    assert.ok(text.length < 1_000_000, name);
  }
});

test("a release with everything fits the Secret Helm keeps it in (1 MiB of base64)", () => {
  const files = readdirSync(CHART, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const path = realpathSync(join(CHART, name));
    return lstatSync(path).isFile() ? [readFileSync(path, "base64")] : [];
  });
  const { texts } = renderChart(ciValues().get("operator-values.yaml") ?? {});
  const release = gzipSync(JSON.stringify([files, [...texts.values()].join("---\n")]));
  const storedBytes = (release.length * 4) / 3;
  assert.ok(storedBytes < 700_000, `${storedBytes} bytes`);
});

test("a node's agent keeps its series when its pod is replaced: the node is the instance, and no pod is named", () => {
  const relabelings = (file: string): readonly Readonly<Record<string, unknown>>[] => {
    const [monitor] = rendered(file, "PodMonitor");
    const [endpoint] = at(monitor?.object, "spec", "podMetricsEndpoints") as {
      readonly relabelings: Readonly<Record<string, unknown>>[];
    }[];
    return endpoint?.relabelings ?? [];
  };
  const node = "__meta_kubernetes_pod_node_name";
  const network = "__meta_kubernetes_pod_label_sounder_network";
  const instance = (file: string): unknown =>
    relabelings(file).find(({ targetLabel }) => targetLabel === "instance")?.["sourceLabels"];
  assert.deepEqual(instance("operator-values.yaml"), [node]);
  assert.deepEqual(instance("both-networks-values.yaml"), [node, network]);
  assert.equal(instance("deployment-values.yaml"), undefined);
  assert.ok(
    relabelings("operator-values.yaml").some(
      ({ action, regex }) => action === "labeldrop" && regex === "pod",
    ),
  );
  assert.ok(relabelings("probe-values.yaml").some(({ targetLabel }) => targetLabel === "cluster"));
});

test("native histograms are asked for, declined or left to Prometheus", () => {
  const asked = (file: string): unknown =>
    at(rendered(file, "PodMonitor")[0]?.object, "spec", "scrapeNativeHistograms");
  assert.equal(asked("host-network-values.yaml"), true);
  assert.equal(asked("operator-values.yaml"), false);
  assert.equal(asked("deployment-values.yaml"), undefined);
});

test("a Probe object asks the Service for one module, as blackbox_exporter is asked", () => {
  const [sites] = rendered("probe-values.yaml", "Probe");
  assert.deepEqual(at(sites?.object, "spec", "prober"), {
    url: "sounder.monitoring.svc:10707",
    path: "/probe",
  });
  assert.equal(at(sites?.object, "spec", "module"), "http_2xx");
  assert.deepEqual(at(sites?.object, "spec", "targets", "staticConfig"), {
    static: ["https://www.example.net/", "https://shop.example.net/"],
    labels: { site: "berlin" },
  });
});
