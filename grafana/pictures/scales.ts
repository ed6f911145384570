/** Where a value lies on the page. */
export type Scale = {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
};

type Ends = readonly [from: number, to: number];

const NICE_STEPS = [1, 2, 2.5, 5, 10];

/** @param count About so many ticks. */
export function linearScale([low, high]: Ends, [from, to]: Ends, count: number): Scale {
  const span = high - low || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (NICE_STEPS.find((nice) => nice * power >= raw) ?? 10);
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) {
    ticks.push(Math.abs(tick) < step / 1e6 ? 0 : tick);
  }
  return { at: (value) => from + ((value - low) / span) * (to - from), ticks };
}

/** Ticks at the powers of ten. Both ends must be above 0. */
export function logScale([low, high]: Ends, [from, to]: Ends): Scale {
  const first = Math.floor(Math.log10(low));
  const last = Math.max(Math.ceil(Math.log10(high)), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return {
    at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from),
    ticks,
  };
}

/** Whole minutes, or parts of one. @param span Unix times in seconds. */
export function timeTicks([from, to]: Ends, count: number): readonly number[] {
  const steps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((one) => one >= (to - from) / count) ?? 7200;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** `14:05:30` in universal time. */
export function clockText(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString().slice(11, 19);
}
