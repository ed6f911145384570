/** What one program did in its time, as far as it can be known from outside. */
export type Measurement = {
  readonly who: string;
  readonly targets: number;
  readonly echoesPerSecond: number;
  readonly echoes: number;
  /** Echoes without an answer; on loopback every one of them is the program's own loss. */
  readonly lost: number;
  readonly cpuSecondsPerEcho: number;
  /** Highest resident memory; NaN when the program ended before it was read. */
  readonly peakBytes: number;
};
