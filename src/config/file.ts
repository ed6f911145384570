import * as z from "zod";
import { engineOptions } from "../icmp/options.ts";
import { policyOptions } from "../policy/options.ts";
import { moduleOptions } from "../probe/module.ts";
import { resolverOptions } from "../resolve/options.ts";
import { defaultsOptions, groupName, groupOptions, MAX_GROUPS } from "../target/options.ts";

/** In flight at once over all probers but icmp. */
const probersOptions = z.strictObject({
  max_concurrent: z.int().min(1).max(100_000).default(1_000),
});

/** The whole file. Each room owns its options; this file only puts them together. */
export const configFile = z.strictObject({
  modules: z.record(groupName, moduleOptions).default({}),
  defaults: defaultsOptions.prefault({}),
  groups: z.array(groupOptions).max(MAX_GROUPS).default([]),
  icmp: engineOptions.prefault({}),
  resolver: resolverOptions.prefault({}),
  probers: probersOptions.prefault({}),
  probe: policyOptions.prefault({}),
});
export type ConfigFile = z.output<typeof configFile>;

/** The parts of a file that are valid, each by itself; undefined for one that is not. */
export type ConfigParts = {
  readonly modules: ReadonlyMap<string, ConfigFile["modules"][string] | undefined>;
  readonly defaults: ConfigFile["defaults"] | undefined;
  readonly groups: readonly (ConfigFile["groups"][number] | undefined)[];
  readonly icmp: ConfigFile["icmp"] | undefined;
};

/** What is valid of a file that as a whole is not, so that everything wrong is told at once. */
export function validParts(value: unknown): ConfigParts {
  const file = mappingOf(value);
  const modules = Object.entries(mappingOf(file["modules"])).map(
    ([name, module]) => [name, valid(moduleOptions, module)] as const,
  );
  const groups: readonly unknown[] = Array.isArray(file["groups"]) ? file["groups"] : [];
  return {
    modules: new Map(modules),
    defaults: valid(defaultsOptions, file["defaults"] ?? {}),
    groups: groups.map((group) => valid(groupOptions, group)),
    icmp: valid(engineOptions, file["icmp"] ?? {}),
  };
}

function valid<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  return schema.safeParse(value).data;
}

function mappingOf(value: unknown): Readonly<Record<string, unknown>> {
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMapping ? (value as Record<string, unknown>) : {};
}
