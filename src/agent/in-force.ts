import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";
import { createPolicy, type Policy } from "../policy/policy.ts";
import type { GroupFigures } from "../report/agent-metrics.ts";
import { type ContinuousStream, type StreamList, streamsOf } from "./streams.ts";

/** A configuration and what it means for the agent; made aside, and put in force whole. */
export type InForce = {
  readonly config: Config;
  readonly policy: Policy;
  readonly streamList: StreamList;
};

export function meaningOf(config: Config): InForce {
  const streamList = streamsOf(config);
  const policy = createPolicy({
    options: config.probe,
    groupsTargets: new Set(streamList.streams.map(({ target }) => target.target)),
    hasGroups: config.groups.length > 0,
  });
  return { config, policy, streamList };
}

/** What a new list of streams asks to be done with the old one. */
export type StreamChanges = {
  readonly removed: readonly ContinuousStream[];
  readonly added: readonly ContinuousStream[];
  /** In both, with another interval, timeout or module. Its counters go on. */
  readonly changed: readonly ContinuousStream[];
  /** In both, and probed as before; the new object takes the place of the old. */
  readonly same: readonly ContinuousStream[];
};

/** What differs between two configurations, stream by stream. */
export function changesBetween(old: InForce, next: InForce): StreamChanges {
  const oldStreams = new Map(old.streamList.streams.map((stream) => [stream.key, stream]));
  const isGroupSame = sameness(settingsByGroup(old.config), settingsByGroup(next.config));
  const isModuleSame = sameness(
    new Map(Object.entries(old.config.modules)),
    new Map(Object.entries(next.config.modules)),
  );
  const changes = {
    removed: [] as ContinuousStream[],
    added: [] as ContinuousStream[],
    changed: [] as ContinuousStream[],
    same: [] as ContinuousStream[],
  };
  for (const stream of next.streamList.streams) {
    const before = oldStreams.get(stream.key);
    oldStreams.delete(stream.key);
    if (before === undefined) changes.added.push(stream);
    else if (!isOneSeries(before, stream)) {
      changes.removed.push(before);
      changes.added.push(stream);
    } else if (isGroupSame(stream.group.name) && isModuleSame(stream.moduleName)) {
      changes.same.push(stream);
    } else changes.changed.push(stream);
  }
  changes.removed.push(...oldStreams.values());
  return changes;
}

/** Whether the counters of one can go on as those of the other. */
function isOneSeries(before: ContinuousStream, now: ContinuousStream): boolean {
  return (
    before.module.prober === now.module.prober &&
    before.group.resolve === now.group.resolve &&
    isDeepStrictEqual(before.group.buckets, now.group.buckets)
  );
}

/** Groups without their targets, which are compared one by one. */
function settingsByGroup(config: Config): ReadonlyMap<string, unknown> {
  return new Map(
    config.groups.map(({ targets: _targets, ...settings }) => [settings.name, settings]),
  );
}

/** Compares the values of a name once, however often it is asked for. */
function sameness(
  old: ReadonlyMap<string, unknown>,
  next: ReadonlyMap<string, unknown>,
): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const isSame = isDeepStrictEqual(old.get(name), next.get(name));
    known.set(name, isSame);
    return isSame;
  };
}

/** The groups as the agent counts them. */
export function groupFigures(
  { config, streamList }: InForce,
  seriesByGroup: ReadonlyMap<string, number>,
): GroupFigures[] {
  const targets = new Map<string, number>();
  for (const { group } of streamList.streams) {
    targets.set(group.name, (targets.get(group.name) ?? 0) + 1);
  }
  return config.groups.map(({ name }) => ({
    name,
    targets: targets.get(name) ?? 0,
    targetsWaiting: 0,
    duplicateTargets: streamList.duplicatesByGroup.get(name) ?? 0,
    series: seriesByGroup.get(name) ?? 0,
  }));
}
