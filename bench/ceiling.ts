import { measureOurs, type OwnMeasurement } from "./ours.ts";

const TARGETS = 10_000;
/** 50,000, 76,923, 100,000, 125,000, … echoes a second: intervals of the file are whole milliseconds. */
const INTERVALS_MILLISECONDS = [200, 130, 100, 80, 66, 57, 50, 44, 40, 33, 28, 25, 20];
const WARM_UP_SECONDS = 3;
/** Another program on the machine spoils a step now and then; one that is beyond reach fails every time. */
const TRIES = 2;
/** Due times dropped because the agent was late: above this it no longer reaches the rate. */
export const MAX_MISSED_SHARE = 0.001;

/** One try at one rate. */
export type Step = { readonly measurement: OwnMeasurement; readonly isClean: boolean };

/**
 * Raises the rate until something is lost or left out.
 *
 * @param onStep Told of each try as it ends.
 * @returns The highest rate, in echoes a second, that was held with nothing lost, all lower ones as well; 0 when
 *   not even the lowest was.
 */
export async function findCeiling(
  options: { readonly stepSeconds: number; readonly onStep: (step: Step) => void },
  stop: AbortSignal,
): Promise<number> {
  let highest = 0;
  for (const intervalMilliseconds of INTERVALS_MILLISECONDS) {
    const wanted = (TARGETS * 1000) / intervalMilliseconds;
    let isClean = false;
    for (let turn = 0; turn < TRIES && !isClean; turn += 1) {
      const measurement = await measureOurs(
        {
          who: `sounder at ${Math.round(wanted).toLocaleString("en-US")}/s`,
          targets: TARGETS,
          intervalMilliseconds,
          warmUpSeconds: WARM_UP_SECONDS,
          settleSeconds: 0,
          seconds: options.stepSeconds,
          scrapesPerSecond: 0,
        },
        stop,
      );
      isClean = isHeld(measurement);
      options.onStep({ measurement, isClean });
    }
    if (!isClean) return highest;
    highest = wanted;
  }
  return highest;
}

function isHeld({ lost, missed, echoes }: OwnMeasurement): boolean {
  return lost === 0 && missed <= echoes * MAX_MISSED_SHARE;
}
