import * as yaml from "yaml";

/** Nothing is evaluated more often than this. */
const EVALUATION_SECONDS = 1;
/**
 * What an Alertmanager is given to wait, at least. The scrape and the echoes of a test are not as much faster as its rules
 * are, so alerts that belong together come a second or two apart.
 */
const MIN_WAIT_SECONDS = 4;

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

type RuleFile = {
  readonly groups: readonly {
    readonly interval?: string;
    readonly rules: readonly Readonly<Record<string, unknown>>[];
  }[];
};
type Alertmanager = {
  readonly route: unknown;
  readonly receivers: readonly { readonly name: string }[];
};

/** A duration as Prometheus writes it, so many times shorter. @throws for what is none. */
export function shorter(duration: string, factor: number): string {
  if (!/^(?:\d+(?:ms|[smhdw]))+$/.test(duration)) throw new Error(`${duration} is no duration`);
  let seconds = 0;
  for (const [, count = "", unit = ""] of duration.matchAll(/(\d+)(ms|[smhdw])/g)) {
    seconds += Number(count) * (UNIT_SECONDS[unit] ?? Number.NaN);
  }
  return `${Math.max(Math.round((seconds * 1000) / factor), 1)}ms`;
}

/** Every range, subquery step and offset of an expression. */
export function shorterExpression(expression: string, factor: number): string {
  return expression
    .replace(/\[([^\]]+)\]/g, (_whole, range: string) => {
      const parts = range.split(":").map((part) => shorter(part, factor));
      return `[${parts.join(":")}]`;
    })
    .replace(/\boffset (\w+)/g, (_whole, offset: string) => `offset ${shorter(offset, factor)}`);
}

/** A file of rules in which all time runs so many times faster, evaluated each second. */
export function shorterRules(text: string, factor: number): string {
  const { groups, ...file } = yaml.parse(text) as RuleFile;
  return yaml.stringify({
    ...file,
    groups: groups.map(({ rules, interval, ...group }) => ({
      ...group,
      interval: interval === undefined ? `${EVALUATION_SECONDS}s` : shorter(interval, factor),
      rules: rules.map((rule) => withShorter(rule, factor)),
    })),
  });
}

/** A configuration of Alertmanager likewise, whose receivers are hooks at `url`/NAME. */
export function shorterAlertmanager(text: string, factor: number, url: string): string {
  const config = yaml.parse(text) as Alertmanager;
  return yaml.stringify({
    ...config,
    route: withShorterWaits(config.route, factor),
    receivers: config.receivers.map(({ name }) => ({
      name,
      webhook_configs: [{ url: `${url}/${name}`, send_resolved: true }],
    })),
  });
}

function withShorter(rule: Readonly<Record<string, unknown>>, factor: number): object {
  return mapEntries(rule, (key, value) => {
    if (typeof value !== "string") return value;
    if (key === "expr") return shorterExpression(value, factor);
    return key === "for" || key === "keep_firing_for" ? shorter(value, factor) : value;
  });
}

function withShorterWaits(route: unknown, factor: number): unknown {
  if (Array.isArray(route)) return route.map((inner) => withShorterWaits(inner, factor));
  if (typeof route !== "object" || route === null) return route;
  return mapEntries(route, (key, value) => {
    if (key === "routes") return withShorterWaits(value, factor);
    if (typeof value !== "string" || !/_(?:wait|interval)$/.test(key)) return value;
    const milliseconds = Number.parseInt(shorter(value, factor), 10);
    return `${Math.max(milliseconds, MIN_WAIT_SECONDS * 1000)}ms`;
  });
}

function mapEntries(of: object, change: (key: string, value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(key, value)]));
}
