import type { Module } from "../probe/module.ts";
import type { ProbeOutcome } from "../probe/prober.ts";
import { createLogger, LOG_LEVELS, type LogFormat, type LogLevel } from "../runtime/log.ts";
import { withoutPassword } from "../runtime/secrets.ts";
import { shownModule } from "./shown-module.ts";
import { yamlText } from "./yaml-text.ts";

/** How and from which level the lines of a probe are written (`--log.prober`, `--log.format`). */
export type ProbeLogSettings = { readonly level: LogLevel; readonly format: LogFormat };

/** Whose lines they are. */
type ProbeName = { readonly moduleName: string; readonly target: string };

/**
 * What `/probe?debug=true` shows, laid out as blackbox_exporter does: the log of the probe, the metrics
 * it would have returned, and the module as YAML with its secrets hidden.
 *
 * @param options.pageText What `probePage` gave.
 */
export function debugPage(
  outcome: ProbeOutcome,
  options: ProbeName & {
    readonly module: Module;
    readonly pageText: string;
    readonly log: ProbeLogSettings;
  },
): string {
  let logText = "";
  const write = (line: string): void => {
    logText += line;
  };
  createProbeLog({ ...options.log, write })(outcome, options);
  return [
    `Logs for the probe:\n${logText}`,
    `Metrics that would have been returned:\n${options.pageText}`,
    `Module configuration:\n${moduleText(options.module)}`,
  ].join("\n\n\n");
}

/** A module as YAML, secrets hidden, durations as they are written in the file. */
export function moduleText(module: Module): string {
  return yamlText(shownModule(module));
}

/**
 * Writes what a probe noted, each line with the time at which it was noted.
 *
 * @param options.write Takes one whole line, newline included.
 */
export function createProbeLog(
  options: ProbeLogSettings & { readonly write: (line: string) => void },
): (outcome: ProbeOutcome, name: ProbeName) => void {
  let lineSeconds = 0;
  const clock = { wallSeconds: () => lineSeconds, monotonicSeconds: () => lineSeconds };
  const log = createLogger({ ...options, clock });
  const lowest = LOG_LEVELS.indexOf(options.level);
  return (outcome, { moduleName, target }) => {
    for (const line of outcome.log) {
      if (LOG_LEVELS.indexOf(line.level) < lowest) continue;
      lineSeconds = line.wallSeconds;
      const fields = { module: moduleName, target: withoutPassword(target), ...line.fields };
      log[line.level](line.message, fields);
    }
  };
}

/**
 * The level from which lines of probes go to the agent's own log. What a probe did right stays on its
 * debug page unless everything is wanted: thousands of probes a minute would bury the agent's words.
 */
export function agentLogLevel(level: LogLevel): LogLevel {
  return level === "info" ? "warn" : level;
}
