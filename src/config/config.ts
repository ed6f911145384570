import type { EngineOptions } from "../icmp/options.ts";
import type { PolicyOptions } from "../policy/options.ts";
import type { Module } from "../probe/module.ts";
import type { ResolverOptions } from "../resolve/options.ts";
import type { Group } from "../target/group.ts";

/** A whole valid configuration. Plain data: it crosses threads. Durations are seconds. */
export type Config = {
  /** Built-in modules included. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly groups: readonly Group[];
  readonly icmp: EngineOptions;
  readonly resolver: ResolverOptions;
  readonly probers: { readonly max_concurrent: number };
  readonly probe: PolicyOptions;
};
