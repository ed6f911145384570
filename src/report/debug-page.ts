import { stringify } from "yaml";
import type { Module } from "../probe/module.ts";
import type { ProbeOutcome } from "../probe/prober.ts";
import { createLogger, type LogLevel } from "../runtime/log.ts";
import { HIDDEN_SECRET } from "../runtime/secrets.ts";
import { formatDuration } from "../runtime/units.ts";

/** Keys of a module whose values are secrets, wherever in it they stand. */
export const SECRET_KEYS: ReadonlySet<string> = new Set([
  "password",
  "bearer_token",
  "credentials",
  "client_secret",
  "secrets",
  "key",
]);

/** Request headers that carry secrets; compared without case. */
export const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "x-auth-token",
]);

/** Keys that hold headers by name. */
const HEADER_MAPS: ReadonlySet<string> = new Set([
  "headers",
  "http_headers",
  "proxy_connect_header",
]);

/**
 * What `/probe?debug=true` shows, laid out as blackbox_exporter does: the log of the probe, the metrics
 * it would have returned, and the module as YAML with its secrets hidden.
 *
 * @param options.level Lowest level of log lines shown (`--log.prober`).
 * @param options.pageText What `probePage` gave.
 */
export function debugPage(
  outcome: ProbeOutcome,
  options: {
    readonly module: Module;
    readonly moduleName: string;
    readonly target: string;
    readonly pageText: string;
    readonly level: LogLevel;
  },
): string {
  return [
    `Logs for the probe:\n${logText(outcome, options)}`,
    `Metrics that would have been returned:\n${options.pageText}`,
    `Module configuration:\n${moduleText(options.module)}`,
  ].join("\n\n\n");
}

/** A module as YAML, secrets hidden, durations as they are written in the file. */
export function moduleText(module: Module): string {
  const { timeout, ...rest } = module;
  const timed = timeout === undefined ? {} : { timeout: formatDuration(timeout) };
  const { prober, ...blocks } = rest;
  return stringify({ prober, ...timed, ...asObject(withoutSecrets(blocks)) }, { lineWidth: 0 });
}

function logText(
  outcome: ProbeOutcome,
  { moduleName, target, level }: { moduleName: string; target: string; level: LogLevel },
): string {
  let text = "";
  let lineSeconds = 0;
  const log = createLogger({
    level,
    format: "logfmt",
    clock: { wallSeconds: () => lineSeconds, monotonicSeconds: () => lineSeconds },
    write: (line) => {
      text += line;
    },
  });
  for (const line of outcome.log) {
    lineSeconds = line.wallSeconds;
    log[line.level](line.message, { module: moduleName, target, ...line.fields });
  }
  return text;
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (HEADER_MAPS.has(key)) return [key, withoutSecretHeaders(inner)];
      return [key, SECRET_KEYS.has(key) ? hidden(inner) : withoutSecrets(inner)];
    }),
  );
}

function withoutSecretHeaders(headers: unknown): unknown {
  return Object.fromEntries(
    Object.entries(asObject(headers)).map(([name, value]) => [
      name,
      SECRET_HEADERS.has(name.toLowerCase()) ? hidden(value) : withoutSecrets(value),
    ]),
  );
}

/** An empty secret is shown as what it is: it tells why authentication fails, and hides nothing. */
function hidden(value: unknown): unknown {
  return value === undefined || value === null || value === "" ? value : HIDDEN_SECRET;
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
