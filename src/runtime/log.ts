import type { Clock } from "./clock.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ["logfmt", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line per event; fields are facts, the message is a constant sentence. */
export type Logger = {
  readonly [Level in LogLevel]: (message: string, fields?: LogFields) => void;
};

/** A log that drops everything, for callers that have nobody to tell. */
export const silentLog: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/** Longest value written; what a peer sent must not fill the log. */
const MAX_VALUE_CHARACTERS = 2048;

/**
 * A logger in the Prometheus family's shape: `time= level= msg= …` or one JSON object a line.
 *
 * @param write Takes one whole line, newline included.
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}): Logger {
  const lowest = LOG_LEVELS.indexOf(options.level);
  const render = options.format === "json" ? renderJson : renderLogfmt;
  const at = (level: LogLevel) => {
    if (LOG_LEVELS.indexOf(level) < lowest) return () => {};
    return (message: string, fields: LogFields = {}): void => {
      const time = new Date(options.clock.wallSeconds() * 1000).toISOString();
      options.write(`${render({ time, level, msg: message, ...fields })}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function renderJson(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    typeof value === "string" ? value.slice(0, MAX_VALUE_CHARACTERS) : value,
  );
}

function renderLogfmt(fields: LogFields): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const text = String(value).slice(0, MAX_VALUE_CHARACTERS);
    parts.push(`${key}=${/^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text)}`);
  }
  return parts.join(" ");
}
