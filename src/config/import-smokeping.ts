import * as z from "zod";
import { quote } from "../runtime/found.ts";
import { formatDuration, parseDuration } from "../runtime/units.ts";
import { keptLabels } from "./import-labels.ts";
import { type Imported, settle } from "./import-settle.ts";
import { asTexts, type DraftGroup, groupsText, headerText, yamlText } from "./import-texts.ts";
import { parseConfig } from "./parse-config.ts";
import { readYaml } from "./yaml.ts";

const ABOUT = [
  'A Sounder configuration, written by "sounder import smokeping_prober" from a file of smokeping_prober.',
  "smokeping_prober waits for a reply for ever; here an echo without one is lost after 5s, or after the interval if that is shorter (timeout of a module).",
  "A host that loses echoes is probed every second until it is well again (fast_interval; 0s for never).",
] as const;

/** What smokeping_prober puts in itself. */
const DEFAULT_INTERVAL = "1s";
const DEFAULT_SIZE_BYTES = "56";

/** As scalars were written; numbers are read here, because Go reads more notations than YAML 1.2 has. */
const targetGroup = z.looseObject({
  hosts: z.array(z.string()).nullish(),
  host: z.string().nullish(),
  interval: z.string().nullish(),
  network: z.string().nullish(),
  protocol: z.string().nullish(),
  size: z.string().nullish(),
  source: z.string().nullish(),
  tos: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
});
type TargetGroup = z.output<typeof targetGroup>;

const smokepingFile = z.looseObject({ targets: z.array(z.unknown()) });

/** Which address of a name: pro-bing takes the first IPv4 one for `ip`, as Go's ResolveIPAddr does. */
const NETWORKS: Readonly<Record<string, object>> = {
  ip: { preferred_ip_protocol: "ip4" },
  ip4: { preferred_ip_protocol: "ip4", ip_protocol_fallback: false },
  ip6: { preferred_ip_protocol: "ip6", ip_protocol_fallback: false },
};

/**
 * A smokeping_prober configuration as one of Sounder: a group for each of its lists of hosts, and an icmp module for
 * each way in which they are pinged.
 */
export function importSmokeping(text: string): Imported {
  const yaml = readYaml(text.startsWith("\ufeff") ? text.slice(1) : text);
  if (yaml.kind === "failed") return { kind: "unusable", problems: yaml.problems, notes: [] };
  const file = smokepingFile.safeParse(asTexts(yaml.value, yaml.place));
  if (!file.success) {
    const message =
      'there is no list "targets": a smokeping_prober file holds targets: [{hosts: [192.0.2.1]}]';
    return { kind: "unusable", problems: [{ line: 1, column: 1, path: "", message }], notes: [] };
  }
  const notes = Object.keys(file.data)
    .filter((key) => key !== "targets")
    .map((key) => `the key ${quote(key)}, which smokeping_prober does not know either`);
  const modules = new Modules();
  const groups: DraftGroup[] = [];
  for (const [at, entry] of file.data.targets.entries()) {
    const note = (sentence: string): void => void notes.push(`targets[${at}]: ${sentence}`);
    const read = targetGroup.safeParse(entry);
    if (!read.success) {
      note(`its ${read.error.issues[0]?.path.join(".") ?? ""} is not understood`);
      continue;
    }
    const group = groupOf(read.data, `smokeping-${at + 1}`, modules, note);
    if (group !== undefined) groups.push(group);
  }
  const settled = settle(`${yamlText({ modules: modules.all })}\n${groupsText(groups)}`);
  notes.push(...settled.notes);
  if (settled.kind === "unusable") {
    // Their lines are those of the text made here, which nobody sees.
    notes.push(...settled.problems.map(({ message }) => message));
    return { kind: "unusable", problems: [], notes };
  }
  if (!hasGroups(settled.text)) return { kind: "unusable", problems: [], notes };
  return { kind: "imported", text: `${headerText(ABOUT, notes)}\n${settled.text}`, notes };
}

function hasGroups(text: string): boolean {
  const parsed = parseConfig(text);
  return parsed.ok && parsed.value.groups.length > 0;
}

function groupOf(
  given: TargetGroup,
  name: string,
  modules: Modules,
  note: (sentence: string) => void,
): DraftGroup | undefined {
  const known = new Set(Object.keys(targetGroup.shape));
  const foreign = Object.keys(given).filter((key) => !known.has(key));
  if (foreign.length > 0)
    note(`${foreign.join(", ")}, which smokeping_prober does not know either`);
  const read = readGroup(given, hostsOf(given, note));
  if (read.kind === "flawed") {
    note(`none of it, because ${read.flaw}`);
    return undefined;
  }
  const { hosts, intervalSeconds, networkKeys, payloadBytes, trafficClass } = read;
  if (given.protocol === "udp") {
    note(
      'protocol: udp, which is ICMP by an unprivileged socket: Sounder takes the best socket it may open ("sounder doctor")',
    );
  } else if ((given.protocol ?? "icmp") !== "icmp") {
    note(`protocol: ${given.protocol}, which is none of icmp and udp`);
  }
  if ((trafficClass & 3) !== 0) {
    note(`the last two bits of tos ${given.tos}, which are the network's for congestion (ECN)`);
  }
  const module = modules.named({
    ...networkKeys,
    ...(given.source ? { source_ip_address: given.source } : {}),
    payload_size: payloadBytes,
    ...(trafficClass >> 2 === 0 ? {} : { dscp: trafficClass >> 2 }),
  });
  return {
    name,
    modules: [module],
    interval: formatDuration(intervalSeconds),
    labels: keptLabels(given.labels ?? {}, { note, silent: undefined }),
    targets: hosts.map((target) => ({ target, labels: {} })),
  };
}

type ReadGroup =
  | {
      readonly kind: "read";
      readonly hosts: readonly string[];
      readonly intervalSeconds: number;
      readonly networkKeys: object;
      readonly payloadBytes: number;
      readonly trafficClass: number;
    }
  | { readonly kind: "flawed"; readonly flaw: string };

function readGroup(given: TargetGroup, hosts: readonly string[]): ReadGroup {
  const flawed = (flaw: string): ReadGroup => ({ kind: "flawed", flaw });
  if (hosts.length === 0) return flawed("it has no hosts");
  const interval = given.interval ?? DEFAULT_INTERVAL;
  const intervalSeconds = parseDuration(interval);
  if (intervalSeconds === undefined) {
    return flawed(`its interval ${quote(interval)} is not a duration`);
  }
  const network = given.network ?? "ip";
  const networkKeys = Object.hasOwn(NETWORKS, network) ? NETWORKS[network] : undefined;
  if (networkKeys === undefined) {
    return flawed(`its network ${quote(network)} is none of ip, ip4 and ip6`);
  }
  const size = given.size ?? DEFAULT_SIZE_BYTES;
  const payloadBytes = goInteger(size);
  if (payloadBytes === undefined) return flawed(`its size ${quote(size)} is not a number`);
  const tos = given.tos ?? "0";
  const trafficClass = goInteger(tos);
  if (trafficClass === undefined || trafficClass > 255) {
    return flawed(`its tos ${quote(tos)} is not a number from 0 to 255`);
  }
  return { kind: "read", hosts, intervalSeconds, networkKeys, payloadBytes, trafficClass };
}

/** As smokeping_prober: a single host counts only where there is no list. */
function hostsOf(given: TargetGroup, note: (sentence: string) => void): readonly string[] {
  const hosts = given.hosts ?? [];
  const { host } = given;
  if (!host) return hosts;
  if (hosts.length === 0) return [host];
  note(`host: ${host}, which smokeping_prober leaves out too where there are hosts`);
  return hosts;
}

/** As Go's YAML library reads integers: also `0x1f`, `0o17`, `017` and `0b11`. */
function goInteger(text: string): number | undefined {
  const plain = text.replaceAll("_", "");
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8);
  return /^(?:\d{1,9}|0x[\da-f]{1,7}|0o[0-7]{1,9}|0b[01]{1,30})$/i.test(plain)
    ? Number(plain)
    : undefined;
}

/** The icmp modules that are needed, each once. */
class Modules {
  readonly #names = new Map<string, string>();
  readonly all: Record<string, { readonly prober: "icmp"; readonly icmp: object }> = {};

  named(icmp: object): string {
    const key = JSON.stringify(icmp);
    const count = this.#names.size + 1;
    const name = this.#names.get(key) ?? (count === 1 ? "smokeping" : `smokeping_${count}`);
    this.#names.set(key, name);
    this.all[name] = { prober: "icmp", icmp };
    return name;
  }
}
