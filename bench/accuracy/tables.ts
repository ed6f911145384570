import { type Column, figure, tableLines } from "../table.ts";
import type { OwnOutcome } from "./ours.ts";
import { errorSeconds, type Outcome } from "./outcome.ts";
import type { RttBounds } from "./wire.ts";

const NAMES: readonly Column[] = [
  { title: "who", align: "left" },
  { title: "", align: "left" },
  { title: "targets", align: "right" },
];

/** What each program reported, beside the truth. */
export function resultLines(outcomes: readonly Outcome[]): readonly string[] {
  return tableLines(
    [
      ...NAMES,
      ...right("echoes"),
      ...right("true mean µs", "reported", "off the near capture", "outside of both"),
      ...right("true p99 µs", "reported", "off the near capture", "outside of both"),
      ...right("no reply on the wire", "in the counters"),
    ],
    outcomes.map((outcome) => [
      ...names(outcome),
      figure(outcome.reported.echoes),
      ...errorCells(outcome.reported.meanSeconds, outcome.wire.meanSeconds),
      ...errorCells(outcome.reported.p99Seconds, outcome.wire.p99Seconds),
      figure(outcome.wire.unanswered),
      figure(outcome.reported.unanswered),
    ]),
  );
}

/** Where the difference from the near capture comes from, by the kernel's own stamps. */
export function partLines(outcomes: readonly OwnOutcome[]): readonly string[] {
  return tableLines(
    [
      ...NAMES,
      ...right("echoes", "without stamps"),
      ...right("request: capture to driver, mean µs", "p99", "after quiet, mean", "otherwise"),
      ...right("driver to far device, mean µs", "p99"),
      ...right("reply: capture to socket, largest µs", "worst echo outside of both"),
    ],
    outcomes.map((outcome) => {
      const { parts } = outcome;
      return [
        ...names(outcome),
        figure(parts.echoes),
        figure(parts.unstamped),
        microseconds(parts.captureToDriver.meanSeconds, 2),
        microseconds(parts.captureToDriver.p99Seconds, 2),
        microseconds(parts.captureToDriverAfterQuietSeconds, 2),
        microseconds(parts.captureToDriverOtherwiseSeconds, 2),
        microseconds(parts.driverToFar.meanSeconds, 2),
        microseconds(parts.driverToFar.p99Seconds, 2),
        microseconds(parts.largestReplyGapSeconds, 3),
        microseconds(parts.largestErrorSeconds, 3),
      ];
    }),
  );
}

/** What the loaded runs were loaded with. */
export function loadLines(outcomes: readonly OwnOutcome[]): readonly string[] {
  return outcomes.flatMap(({ who, targets, load }) => {
    if (load === undefined) return [];
    const { scrapes, probes } = load;
    return [
      `${who}, ${figure(targets)} targets, loaded: ${scrapes.done} scrapes (${scrapes.failed} failed, the longest ${figure(scrapes.longestSeconds * 1000)} ms), ${figure(probes.answers)} answers of /probe (${probes.failures} failed)`,
    ];
  });
}

export function microseconds(seconds: number, decimals = 1): string {
  return figure(seconds * 1e6, decimals);
}

export function boundsText({ atLeast, atMost }: RttBounds): string {
  return `${microseconds(atLeast)} to ${microseconds(atMost)}`;
}

function right(...titles: readonly string[]): readonly Column[] {
  return titles.map((title) => ({ title, align: "right" }));
}

function names({ who, condition, targets }: Outcome): readonly string[] {
  return [who, condition, figure(targets)];
}

function errorCells(seconds: number, bounds: RttBounds): readonly string[] {
  return [
    boundsText(bounds),
    microseconds(seconds),
    microseconds(seconds - bounds.atMost, 2),
    microseconds(errorSeconds(seconds, bounds), 2),
  ];
}
