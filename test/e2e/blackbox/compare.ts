import { type ParsedFamily, parseExposition } from "../../support/exposition.ts";
import {
  CASE_DIFFERENCES,
  CERTIFICATE_METRICS,
  CHANGED_HELP,
  isTime,
  NEWER_LABELS,
  NEWER_METRICS,
  NO_DATES,
} from "./differences.ts";
import type { Both } from "./pair.ts";
import type { ParityCase } from "./parity-case.ts";

/** Times of one probe are far below; what is above is no time of a probe. */
const MAX_TIME_SECONDS = 130;

/**
 * In what two pages of one probe differ and must not.
 *
 * @returns a sentence for each difference; none when the pages agree.
 */
export function differencesOf(
  pages: Both<string>,
  one: Pick<ParityCase, "isUnverified" | "differs">,
): readonly string[] {
  const theirs = parseExposition(pages.theirs);
  const ours = parseExposition(pages.ours);
  return [...familyDifferences(theirs, ours), ...seriesDifferences(theirs, ours, one)];
}

type Families = ReadonlyMap<string, ParsedFamily>;

function* familyDifferences(theirs: Families, ours: Families): Generator<string> {
  for (const [name, family] of theirs) {
    const other = ours.get(name);
    if (other === undefined) continue; // Its series are missing too, and are told of.
    if (other.type !== family.type) yield `${name} is a ${family.type}, ours a ${other.type}`;
    if (other.help !== family.help && !CHANGED_HELP.has(name)) {
      yield `HELP of ${name} is "${family.help}", ours "${other.help}"`;
    }
  }
}

function* seriesDifferences(
  theirs: Families,
  ours: Families,
  { isUnverified = false, differs }: Pick<ParityCase, "isUnverified" | "differs">,
): Generator<string> {
  const meant = differs === undefined ? {} : (CASE_DIFFERENCES[differs]?.series ?? {});
  const theirSeries = seriesOf(theirs);
  const ourSeries = seriesOf(ours);
  const keys = new Set([...theirSeries.keys(), ...ourSeries.keys(), ...Object.keys(meant)]);
  for (const key of [...keys].sort()) {
    const name = key.replace(/\{.*/, "");
    const their = theirSeries.get(key);
    const our = ourSeries.get(key);
    const wanted = meant[key];
    if (wanted !== undefined) {
      if ((their ?? null) !== wanted.theirs) yield `${key} is ${their}, not ${wanted.theirs}`;
      if ((our ?? null) !== wanted.ours) yield `${key} of ours is ${our}, not ${wanted.ours}`;
    } else if (their === undefined) {
      const isMeant = Object.hasOwn(NEWER_METRICS, name);
      const isCertificate = isUnverified && CERTIFICATE_METRICS.has(name);
      if (!isMeant && !isCertificate) yield `${key} is not there, ours is ${our}`;
    } else if (CERTIFICATE_METRICS.has(name) && NO_DATES.has(their)) {
      if (our !== undefined && !isUnverified)
        yield `${key} of ours is ${our} where nothing was verified`;
    } else if (our === undefined) {
      yield `${key} is ${their}, ours is not there`;
    } else if (isTime(name)) {
      if (their === 0 && our !== 0) yield `${key} is 0, ours ${our}`;
      if (!(our >= 0 && our < MAX_TIME_SECONDS)) yield `${key} of ours is no time: ${our}`;
    } else if (!Object.is(their, our)) {
      yield `${key} is ${their}, ours ${our}`;
    }
  }
}

/** Values by series; a series is its name and its labels in order, without the labels that are newer. */
function seriesOf(families: Families): ReadonlyMap<string, number> {
  const series = new Map<string, number>();
  for (const { samples } of families.values()) {
    for (const { name, labels, value } of samples) {
      const texts = Object.entries(labels)
        .filter(([label]) => !(NEWER_LABELS[name] ?? []).includes(label))
        .map(([label, text]) => `${label}=${JSON.stringify(text)}`)
        .sort();
      series.set(texts.length === 0 ? name : `${name}{${texts.join(",")}}`, value);
    }
  }
  return series;
}
