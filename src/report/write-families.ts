import { labelText } from "../metrics/label-text.ts";
import type { TextWriter } from "../metrics/text.ts";
import { type Metric, TARGET_METRICS } from "./catalogue.ts";
import type { HttpSeries } from "./http-series.ts";
import { ICMP_FAMILIES, NO_TALLIES, type Tallies } from "./icmp-series.ts";
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
  readonly http: HttpSeries;
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
  const { rows, http, tallies } = sources;
  const series = new Float64Array(rows.groups.length);
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
      series[group] = (series[group] ?? 0) + writer.samples - before;
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

  const { httpRow, stream } = rows.columns;
  const icmpRows = rowsThat(of, (row) => {
    const isKnown = tallies !== undefined || stream[row] === NONE;
    return httpRow[row] === NONE && isKnown;
  });
  const icmpTallies = tallies ?? NO_TALLIES;
  for (const { metric, write } of ICMP_FAMILIES) {
    await family(metric, icmpRows, (row, labels) => {
      const number = rows.columns.stream[row] ?? NONE;
      write(writer, labels, icmpTallies, number, rows.isSilenced(row), rows.les(row));
    });
  }
  const httpRows = rowsThat(of, (row) => httpRow[row] !== NONE);
  for (const { metric, write } of http.families) {
    await family(metric, httpRows, (row, labels) =>
      write(writer, labels, rows.columns.httpRow[row] ?? NONE),
    );
  }
  await writer.end();
  const named = [...series].map((count, group) => [rows.groups[group] ?? "", count] as const);
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
