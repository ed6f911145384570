import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { packageRoot } from "../support/golden.ts";

type Service = {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly user?: string;
  readonly security_opt: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

const FOLDER = join(packageRoot(), "deploy", "docker");

function readYaml(path: string): ReturnType<typeof parse> {
  return parse(readFileSync(path, "utf8"), { merge: true });
}

const compose: Compose = readYaml(join(FOLDER, "compose.yml"));
const services = Object.entries(compose.services);

type Mount = { readonly source: string; readonly target: string; readonly isReadOnly: boolean };

function mountsOf({ volumes }: Service): readonly Mount[] {
  return volumes.map((text) => {
    const [source = "", target = "", mode] = text.split(":");
    return { source, target, isReadOnly: mode === "ro" };
  });
}

/** The file of the repository that a service finds at a path; undefined for what no mount brings. */
function fileBehind(service: Service, path: string): string | undefined {
  const mount = mountsOf(service).find(
    ({ source, target }) => source.startsWith(".") && path.startsWith(target),
  );
  return mount && resolve(FOLDER, mount.source, `.${path.slice(mount.target.length)}`);
}

const serviceOf = (name: string): Service =>
  compose.services[name] ?? assert.fail(`there is no service ${name}`);

test("compose.yml brings agent, Prometheus, Alertmanager and Grafana", () => {
  assert.deepEqual(Object.keys(compose.services), [
    "sounder",
    "prometheus",
    "alertmanager",
    "grafana",
  ]);
});

for (const [name, service] of services) {
  test(`${name} has no right and can gain none`, () => {
    assert.equal(service.read_only, true);
    assert.deepEqual(service.cap_drop, ["ALL"]);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
    const { cap_add, privileged, network_mode, user } = service;
    assert.deepEqual(
      [cap_add, privileged, network_mode, user],
      [undefined, undefined, undefined, undefined],
    );
  });

  test(`${name} is reached from this machine alone`, () => {
    for (const port of service.ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/);
  });

  test(`${name} mounts only what is there, and cannot change it`, () => {
    for (const { source, isReadOnly } of mountsOf(service)) {
      if (source.startsWith(".")) {
        assert.ok(existsSync(join(FOLDER, source)), source);
        assert.ok(isReadOnly, source);
      } else assert.ok(source in compose.volumes, source);
    }
  });

  test(`${name} has an image of one version, or is built here`, () => {
    if (service.build === undefined) return assert.match(service.image, /:v?\d+\.\d+\.\d+$/);
    const { context, dockerfile } = service.build;
    assert.equal(resolve(FOLDER, context), packageRoot().replace(/\/$/, ""));
    assert.ok(existsSync(resolve(FOLDER, context, dockerfile)));
  });

  test(`${name} reads its own file where compose.yml puts it`, () => {
    const [, file] = /--config\.file=(\S+)/.exec((service.command ?? []).join(" ")) ?? [];
    if (file !== undefined) assert.ok(existsSync(fileBehind(service, file) ?? ""), file);
  });
}

test("the agent may open ping sockets, and finds its file", () => {
  const sounder = serviceOf("sounder");
  assert.deepEqual(sounder.sysctls, { "net.ipv4.ping_group_range": "0 2147483647" });
  assert.ok(existsSync(fileBehind(sounder, "/etc/sounder/sounder.yml") ?? ""));
});

/** `host:port` of everything that one service is told of another. */
const told: readonly { readonly by: string; readonly addresses: () => readonly string[] }[] = [
  {
    by: "prometheus.yml",
    addresses: () => {
      const file = fileBehind(serviceOf("prometheus"), "/etc/prometheus/prometheus.yml") ?? "";
      return readFileSync(file, "utf8").match(/\b[a-z]+:\d{4,5}\b/g) ?? [];
    },
  },
  {
    by: "the data source of Grafana",
    addresses: () => {
      const folder =
        fileBehind(serviceOf("grafana"), "/etc/grafana/provisioning/datasources") ?? "";
      return readdirSync(folder).flatMap((name) => {
        const { datasources } = readYaml(join(folder, name));
        return datasources.map(({ url }: { readonly url: string }) => new URL(url).host);
      });
    },
  },
  {
    by: "the agent's own file",
    addresses: () => {
      const { groups } = readYaml(join(FOLDER, "sounder", "sounder.yml"));
      return groups
        .flatMap(({ targets }: { readonly targets: readonly string[] }) => targets)
        .filter((target: string) => target.startsWith("http"))
        .map((target: string) => new URL(target).host);
    },
  },
];

for (const { by, addresses } of told) {
  test(`${by} names services and ports of compose.yml`, () => {
    const known = new Set(
      services.flatMap(([name, { ports }]) =>
        ports.map((port) => `${name}:${port.split(":").at(-1)}`),
      ),
    );
    const found = addresses();
    assert.ok(found.length > 0);
    assert.deepEqual(
      found.filter((address) => !known.has(address)),
      [],
    );
  });
}

test("Grafana finds the dashboards where its provisioning looks for them", () => {
  const grafana = serviceOf("grafana");
  const folder = fileBehind(grafana, "/etc/grafana/provisioning/dashboards") ?? "";
  const paths = readdirSync(folder).flatMap((name) => {
    const { providers } = readYaml(join(folder, name));
    return providers.map(
      ({ options }: { readonly options: { readonly path: string } }) => options.path,
    );
  });
  assert.ok(paths.length > 0);
  for (const path of paths) {
    const dashboards = readdirSync(fileBehind(grafana, path) ?? "");
    assert.ok(
      dashboards.some((name) => name.endsWith(".json")),
      path,
    );
  }
});

test("Prometheus finds the rules that its file names", () => {
  const folder = fileBehind(serviceOf("prometheus"), "/etc/prometheus") ?? "";
  const { rule_files } = readYaml(join(folder, "prometheus.yml"));
  assert.deepEqual(rule_files, ["*.rules.yml"]);
  assert.ok(readdirSync(folder).some((name) => name.endsWith(".rules.yml")));
});
