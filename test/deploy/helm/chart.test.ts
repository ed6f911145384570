import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRunFlags } from "../../../src/cli/run-flags.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { parseListenAddress } from "../../../src/server/listen-address.ts";
import { chartValues, ciValues, type Manifest, merged, renderChart } from "./chart.ts";
import { problemsOf } from "./objects.ts";
import { at, neverAllowed, notRestricted, podsOf } from "./pods.ts";

// The example's secret comes from the environment, and `sounder check` wants it there.
process.env["LOGIN_PASSWORD"] ??= "not-a-secret";

for (const [file, values] of ciValues()) {
  const { manifests, notes } = renderChart(values);
  const pods = podsOf(manifests);
  const agents = pods.filter((pod) => pod.of.kind !== "Pod");
  const all = merged(chartValues(), values);
  const of = (kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind);

  test(`${file}: every object is valid for Kubernetes and the operators, without an unknown field`, () => {
    const problems = manifests.flatMap((manifest) =>
      problemsOf(manifest).map(
        (problem) => `${manifest.kind} ${manifest.metadata.name}: ${problem}`,
      ),
    );
    assert.deepEqual(problems, []);
    assert.equal(agents.length, all["network"] === "both" ? 2 : 1);
    assert.match(notes, /^Sounder runs as a /);
  });

  test(`${file}: no two objects have one name, and names and labels are as long as they may be`, () => {
    const ids = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    assert.equal(new Set(ids).size, ids.length, ids.join(" "));
    for (const { metadata } of manifests) {
      assert.match(metadata.name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      for (const [key, value] of Object.entries((metadata["labels"] ?? {}) as object)) {
        assert.match(`${value}`, /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/, key);
      }
    }
  });

  test(`${file}: selectors find the agents, and nothing else`, () => {
    const selecting: readonly (readonly [kind: string, ...path: string[]])[] = [
      ["Service", "spec", "selector"],
      ["PodMonitor", "spec", "selector", "matchLabels"],
      ["NetworkPolicy", "spec", "podSelector", "matchLabels"],
      ["PodDisruptionBudget", "spec", "selector", "matchLabels"],
    ];
    for (const [kind, ...path] of selecting) {
      for (const { object } of of(kind)) {
        const selected = pods.filter(({ labels }) => isSelected(labels, at(object, ...path)));
        const wanted = kind === "Service" ? agents.slice(0, 1) : agents;
        assert.deepEqual(selected, wanted, kind);
      }
    }
    for (const agent of agents) {
      const own = at(agent.of.object, "spec", "selector", "matchLabels");
      assert.deepEqual(
        agents.filter(({ labels }) => isSelected(labels, own)),
        [agent],
      );
    }
  });

  test(`${file}: what pods, routes and probes refer to is there`, () => {
    const config = String(all["existingConfigMap"]);
    for (const { spec } of agents) {
      const mounted = spec.volumes?.map((volume) => at(volume, "configMap", "name")) ?? [];
      const made = of("ConfigMap").map(({ metadata }) => metadata.name);
      assert.ok(mounted.includes(config === "" ? made[0] : config), mounted.join());
      const accounts = of("ServiceAccount").map(({ metadata }) => metadata.name);
      if (accounts.length > 0) assert.ok(accounts.includes(spec.serviceAccountName ?? ""));
      assert.deepEqual(
        spec.containers.map((container) => container.ports?.map(({ name }) => name)),
        [["http"]],
      );
    }
    const services = of("Service").map(({ metadata }) => metadata.name);
    const routed = [
      ...of("Ingress").flatMap(
        ({ object }) => JSON.stringify(object).match(/"service":\{"name":"[^"]+/g) ?? [],
      ),
      ...of("HTTPRoute").flatMap(
        ({ object }) => JSON.stringify(object).match(/backendRefs":\[\{"name":"[^"]+/g) ?? [],
      ),
      ...of("Probe").map(
        ({ object }) => `"${String(at(object, "spec", "prober", "url")).split(".")[0]}`,
      ),
    ].map((found) => found.slice(found.lastIndexOf('"') + 1));
    for (const name of routed) assert.ok(services.includes(name), name);
  });

  test(`${file}: no pod is privileged in any way, and a pod-network agent without root meets level "restricted"`, () => {
    for (const pod of pods) {
      assert.deepEqual(neverAllowed(pod.spec), [], pod.of.metadata.name);
      const isHost = pod.spec.hostNetwork === true;
      const isRaw = all["icmpPrivilege"] === "raw" && pod.of.kind !== "Pod";
      if (!isHost && !isRaw) assert.deepEqual(notRestricted(pod), []);
      const sysctls = pod.spec.securityContext?.sysctls ?? [];
      // The kubelet refuses a pod of the host network that asks for a sysctl of the network.
      const isAsked = !isHost && all["icmpPrivilege"] === "ping" && pod.of.kind !== "Pod";
      assert.deepEqual(
        sysctls,
        isAsked ? [{ name: "net.ipv4.ping_group_range", value: "0 2147483647" }] : [],
      );
    }
  });

  test(`${file}: the agent understands its arguments, and its probes ask for paths it serves`, () => {
    for (const { spec } of agents) {
      const [container] = spec.containers;
      const [command, ...words] = container?.args ?? [];
      assert.equal(command, "run");
      const address = words.some((word) => word.includes("[$(POD_IP)]"))
        ? "2001:db8::5"
        : "192.0.2.5";
      const parsed = parseRunFlags(words.map((word) => word.replace("$(POD_IP)", address)));
      assert.ok(parsed.kind === "run", JSON.stringify(parsed));
      const { flags } = parsed;
      const [listen = ""] = flags.listenAddresses;
      const target = parseListenAddress(listen);
      assert.ok(target.kind === "parsed", listen);
      assert.equal(target.target.port, container?.ports?.[0]?.containerPort);
      if (spec.hostNetwork === true) assert.equal(target.target.host, address);
      assert.equal(flags.configFile, "/etc/sounder/sounder.yml");
      assert.equal(container?.livenessProbe?.httpGet.path, `${flags.web.routePrefix}/-/healthy`);
      assert.equal(container?.readinessProbe?.httpGet.path, `${flags.web.routePrefix}/-/ready`);
      for (const { object } of of("PodMonitor")) {
        const [endpoint] = at(object, "spec", "podMetricsEndpoints") as { readonly path: string }[];
        assert.equal(endpoint?.path, `${flags.web.routePrefix}/metrics`);
      }
    }
  });

  test(`${file}: the agent takes the configuration`, () => {
    const texts = of("ConfigMap").flatMap(({ object }) => at(object, "data", "sounder.yml") ?? []);
    const [text] = texts;
    assert.ok(typeof text === "string" && texts.length === 1);
    const parsed = parseConfig(text);
    assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
  });
}

function isSelected(labels: Readonly<Record<string, string>>, by: unknown): boolean {
  assert.ok(typeof by === "object" && by !== null && Object.keys(by).length > 0);
  return Object.entries(by).every(([key, value]) => labels[key] === value);
}

const refused = [
  {
    name: "both networks in a Deployment",
    values: { kind: "Deployment", network: "both" },
    says: /network both needs kind DaemonSet/,
  },
  {
    name: "a disruption budget of a DaemonSet",
    values: { podDisruptionBudget: { enabled: true } },
    says: /podDisruptionBudget needs kind Deployment/,
  },
  {
    name: "a restart for a configuration the chart does not see",
    values: { existingConfigMap: "mine", configChange: "restart" },
    says: /configChange restart cannot work with existingConfigMap/,
  },
  {
    name: "a Probe without the Service it asks",
    values: { service: { enabled: false }, probes: [{ name: "a", module: "m", targets: ["x"] }] },
    says: /probes need service\.enabled/,
  },
  {
    name: "a route without the Service it leads to",
    values: { service: { enabled: false }, httpRoute: { enabled: true } },
    says: /httpRoute need service\.enabled/,
  },
] as const;

for (const { name, values, says } of refused) {
  test(`the chart refuses ${name}, with a sentence`, () => {
    assert.throws(() => renderChart(values), says);
  });
}

test("configChange restart gives a new checksum for another configuration, and reload none", () => {
  const checksum = (target: string, configChange: string): string | undefined => {
    const config = { groups: [{ name: "a", modules: ["icmp"], targets: [target] }] };
    const [pod] = podsOf(renderChart({ config, configChange }).manifests);
    return pod?.annotations["checksum/config"];
  };
  assert.match(checksum("192.0.2.1", "restart") ?? "", /^[0-9a-f]{64}$/);
  assert.notEqual(checksum("192.0.2.1", "restart"), checksum("192.0.2.2", "restart"));
  assert.equal(checksum("192.0.2.1", "reload"), undefined);
});

test("null takes a key of the chart's values away", () => {
  const { manifests } = renderChart({ nodeSelector: { "kubernetes.io/os": null } });
  assert.equal(at(podsOf(manifests)[0]?.spec, "nodeSelector"), undefined);
});
