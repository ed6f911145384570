import { parse } from "yaml";

/** Five minutes become ten seconds. */
const SHORTER_BY = 30;
/** A subquery looks this often at least, and rules are evaluated this often at most. */
const MAX_STEP_SECONDS = 10;
const MIN_INTERVAL_SECONDS = 1;

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

type Rule = Readonly<Record<string, unknown>> & {
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
};
type RuleFile = {
  readonly groups: readonly {
    readonly name: string;
    readonly interval?: string;
    readonly rules: readonly Rule[];
  }[];
};

/**
 * The shipped rules with all times a thirtieth, so that a run of a minute fills what takes half an hour. Names keep their
 * windows. How many samples something must rest on is shortened to one, because there are fewer.
 *
 * @param text A rule file. @returns Another one, as JSON, which is YAML.
 */
export function shortRules(text: string): string {
  const file: RuleFile = parse(text);
  const groups = file.groups.map((group) => ({
    ...group,
    interval: shortInterval(group.interval),
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: shortExpression(rule.expr),
      ...(rule.for === undefined ? {} : { for: short(rule.for) }),
      ...(rule.keep_firing_for === undefined
        ? {}
        : { keep_firing_for: short(rule.keep_firing_for) }),
    })),
  }));
  return JSON.stringify({ groups });
}

export function shortExpression(expr: string): string {
  return expr
    .replace(/\[([^\]:]+)(?::([^\]]*))?\]/g, (_match, range: string, step?: string) => {
      if (step === undefined) return `[${short(range)}]`;
      return `[${short(range)}:${step === "" ? "" : short(step, MAX_STEP_SECONDS)}]`;
    })
    .replace(/\boffset (\w+)/g, (_match, back: string) => `offset ${short(back)}`)
    .replace(/(count_over_time\([^)]*\)) >= \d+/g, "$1 >= 1");
}

function shortInterval(interval: string | undefined): string {
  if (interval === undefined) return `${MIN_INTERVAL_SECONDS}s`;
  return `${Math.max(Math.round(secondsOf(interval) / SHORTER_BY), MIN_INTERVAL_SECONDS)}s`;
}

function short(duration: string, maxSeconds = Number.POSITIVE_INFINITY): string {
  const seconds = Math.min(secondsOf(duration) / SHORTER_BY, maxSeconds);
  return `${Math.round(seconds * 1000)}ms`;
}

function secondsOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdw])/g)];
  return parts.reduce((sum, [, count, unit = ""]) => {
    return sum + Number(count) * (UNIT_SECONDS[unit] ?? 0);
  }, 0);
}
