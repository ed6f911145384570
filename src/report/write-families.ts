import { labelText } from "../metrics/label-text.ts";
import type { TextWriter } from "../metrics/text.ts";
import type { Metric } from "./catalogue/metric.ts";
import { TARGET_METRICS } from "./catalogue.ts";
import { ICMP_FAMILIES, NO_TALLIES, type Tallies } from "./icmp-series.ts";
import { COMMON_FAMILIES } from "./series/probe-families.ts";
import type { ProberSeries } from "./series/prober-series.ts";
import { NONE, rowsThat, type TargetRows } from "./target-rows.ts";
import { fastProbingOf, lastFinishedSecondsOf, upOf } from "./target-state.ts";

/** What one scrape gave. */
export type WrittenFigures = {
  readonly samples: number;
  /** Series of each group that has targets. */
  readonly seriesByGroup: ReadonlyMap<string, number>;
};

/** Where everything lies that becomes series; `tallies` as in `Taken`. */
export type Sources = {
  readonly rows: TargetRows;
  readonly probes: ProberSeries;
  readonly tallies: Tallies | undefined;
};

/**
 * Writes every family of the targets in these rows, one family after the other, as the text format wants them.
 *
 * @throws what the writer throws.
 */
export async function writeFamilies(
  writer: TextWriter,
  of: Uint32Array,
  sources: Sources,
): Promise<WrittenFigures> {
  const { rows, probes, tallies } = sources;
  const counts = new Float64Array(rows.groups.length);
  const family = async (
    metric: Metric,
    members: Uint32Array,
    writeRow: (row: number, labels: string) => void,
  ): Promise<void> => {
    writer.begin(metric);
    for (const row of members) {
      const before = writer.samples;
      writeRow(row, rows.labels(row));
      const group = rows.columns.group[row] ?? 0;
      counts[group] = (counts[group] ?? 0) + writer.samples - before;
      if (writer.isDue()) await writer.turn();
    }
  };

  await family(TARGET_METRICS.up, of, (row, labels) => writer.gauge(labels, upOf(row, sources)));
  await family(TARGET_METRICS.lastFinished, of, (row, labels) =>
    writer.gauge(labels, lastFinishedSecondsOf(row, sources)),
  );
  await family(TARGET_METRICS.info, of, (row, labels) => writeInfo(writer, row, labels, rows));
  await family(TARGET_METRICS.addressChanges, of, (row, labels) =>
    writer.sample(labels, rows.columns.addressChanges[row] ?? 0),
  );
  await family(TARGET_METRICS.resolveFailures, of, (row, labels) =>
    writer.sample(labels, rows.columns.resolveFailures[row] ?? 0),
  );
  await family(TARGET_METRICS.fastProbing, of, (row, labels) =>
    writer.gauge(labels, fastProbingOf(row, sources)),
  );

  const { series: numbers, stream } = rows.columns;
  const icmpRows = rowsThat(of, (row) => {
    const isKnown = tallies !== undefined || stream[row] === NONE;
    return numbers[row] === NONE && isKnown;
  });
  const icmpTallies = tallies ?? NO_TALLIES;
  for (const { metric, write } of ICMP_FAMILIES) {
    await family(metric, icmpRows, (row, labels) => {
      const number = rows.columns.stream[row] ?? NONE;
      write(writer, labels, icmpTallies, number, rows.isSilenced(row), rows.les(row));
    });
  }
  const probedRows = rowsThat(of, (row) => numbers[row] !== NONE);
  for (const [number, { series: own, families }] of probes.all.entries()) {
    if (own.size === 0) continue;
    const members = rowsThat(probedRows, (row) => numbers[row] === number);
    for (const { metric, write } of families) {
      await family(metric, members, (row, labels) =>
        write(writer, labels, own, rows.columns.seriesRow[row] ?? NONE),
      );
    }
  }
  for (const { metric, write } of COMMON_FAMILIES) {
    await family(metric, probedRows, (row, labels) => {
      const ofRow = probes.at(rows.columns.series[row] ?? NONE);
      if (ofRow !== undefined) write(writer, labels, ofRow, rows.columns.seriesRow[row] ?? NONE);
    });
  }
  await writer.end();
  const named = [...counts].map((count, group) => [rows.groups[group] ?? "", count] as const);
  return {
    samples: writer.samples,
    seriesByGroup: new Map(named.filter(([, count]) => count > 0)),
  };
}

function writeInfo(writer: TextWriter, row: number, labels: string, rows: TargetRows): void {
  const address = rows.address(row);
  if (address === undefined) return;
  const hasAddressLabel = rows.columns.hasAddressLabel[row] === 1;
  const family = labelText([["family", address.family]]);
  const text = hasAddressLabel ? "" : `,${labelText([["address", address.text]])}`;
  writer.sample(`${labels}${text},${family}`, 1);
}
