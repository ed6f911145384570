import { found } from "../runtime/found.ts";
import { findingsAsGoReads } from "./as-go-reads.ts";
import { allModules, crossFindings } from "./checks.ts";
import type { Config } from "./config.ts";
import { type ConfigFile, type ConfigParts, configFile, validParts } from "./file.ts";
import { groupFrom } from "./group.ts";
import type { Finding } from "./messages.ts";
import { type Judgement, parseYaml } from "./parse.ts";
import type { Place } from "./place.ts";
import type { Parsed } from "./problem.ts";

const HINT = 'write at least "groups:" (what to watch) or "modules:" (what /probe may use)';

/**
 * The text of a configuration file as a configuration, or everything that is wrong with it.
 *
 * Opens no file and no socket. Environment variables named in secrets are read. Never throws.
 */
export function parseConfig(text: string): Parsed<Config> {
  return parseYaml(text, judge);
}

function judge(value: unknown, place: Place): Judgement<Config> {
  if (value === null || value === undefined) return refused(`the file is empty: ${HINT}`);
  if (typeof value !== "object" || Array.isArray(value)) {
    return refused(`a configuration is a mapping, found ${found(value)}: ${HINT}`);
  }
  const parsed = findingsAsGoReads(configFile, value, place);
  const parts = parsed.ok ? partsOf(parsed.value) : validParts(value);
  const findings: Finding[] = [...(parsed.ok ? [] : parsed.findings), ...crossFindings(parts)];
  const isBare = !Object.hasOwn(value, "modules") && !Object.hasOwn(value, "groups");
  if (isBare && findings.length === 0) return refused(`the file has nothing to do: ${HINT}`);
  if (parsed.ok && findings.length === 0) {
    return { kind: "accepted", value: configFrom(parsed.value) };
  }
  return { kind: "refused", findings };
}

function refused(message: string): Judgement<never> {
  return { kind: "refused", findings: [{ path: [], message, aspect: "value" }] };
}

function partsOf(file: ConfigFile): ConfigParts {
  return { ...file, modules: new Map(Object.entries(file.modules)) };
}

function configFrom(file: ConfigFile): Config {
  const modules: Record<string, Config["modules"][string]> = {};
  for (const [name, module] of allModules(partsOf(file).modules)) {
    if (module !== undefined) modules[name] = module;
  }
  return {
    modules,
    groups: file.groups.map((group) => groupFrom(group, file.defaults)),
    icmp: file.icmp,
    resolver: file.resolver,
    probers: file.probers,
    probe: file.probe,
  };
}
