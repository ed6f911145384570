import type { Clock } from "../runtime/clock.ts";
import type { ProbeLogLine } from "./prober.ts";

/** Lines kept of one probe, and the longest value in one. */
const MAX_LINES = 200;
const MAX_VALUE_CHARACTERS = 1024;

/** What a probe tells `debug=true`. Costs nothing when nobody asked. */
export class ProbeLog {
  readonly #lines: ProbeLogLine[] = [];
  readonly #clock: Clock;
  readonly #isKept: boolean;

  constructor(options: { readonly clock: Clock; readonly isKept: boolean }) {
    this.#clock = options.clock;
    this.#isKept = options.isKept;
  }

  add(
    level: ProbeLogLine["level"],
    message: string,
    fields: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ): void {
    if (!this.#isKept || this.#lines.length >= MAX_LINES) return;
    const kept: Record<string, string | number | boolean> = {};
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      kept[name] = typeof value === "string" ? value.slice(0, MAX_VALUE_CHARACTERS) : value;
    }
    this.#lines.push({ wallSeconds: this.#clock.wallSeconds(), level, message, fields: kept });
  }

  get lines(): readonly ProbeLogLine[] {
    return this.#lines;
  }
}
