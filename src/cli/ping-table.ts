import type { PingRow } from "./ping-board.ts";

type Column = {
  readonly title: string;
  readonly text: (row: PingRow) => string;
  /** Where the screen is narrow, columns with high numbers go first. */
  readonly rank: number;
};

const COLUMNS: readonly Column[] = [
  { title: "sent", rank: 3, text: ({ statistics }) => String(statistics.sent) },
  { title: "received", rank: 2, text: ({ statistics }) => String(statistics.received) },
  { title: "loss", rank: 0, text: ({ statistics }) => percentText(statistics.lossRatio) },
  { title: "min", rank: 4, text: ({ statistics }) => millisecondsText(statistics.minSeconds) },
  { title: "avg", rank: 1, text: ({ statistics }) => millisecondsText(statistics.avgSeconds) },
  { title: "max", rank: 5, text: ({ statistics }) => millisecondsText(statistics.maxSeconds) },
  {
    title: "stddev",
    rank: 6,
    text: ({ statistics }) => millisecondsText(statistics.stddevSeconds),
  },
];
const LAST: Column = {
  title: "last",
  rank: 1.5,
  text: ({ lastOutcome }) =>
    lastOutcome?.kind === "answered"
      ? millisecondsText(lastOutcome.rttSeconds)
      : (lastOutcome?.kind ?? "-"),
};
/** Only where there are such echoes, which is seldom. */
const RARE: readonly Column[] = [
  { title: "unsent", rank: 2.5, text: ({ statistics }) => String(statistics.unsent) },
  { title: "suspect", rank: 2.6, text: ({ statistics }) => String(statistics.suspect) },
];

const GAP = "  ";
/** A host is cut rather than the last number left out. */
const MIN_HOST_CHARACTERS = 12;

/** `dns.example.net (192.0.2.53)`; a name that is its address stands alone. Nothing in it moves the cursor. */
export function hostText({ name, address }: Pick<PingRow, "name" | "address">): string {
  const text = address === undefined || address === name ? name : `${name} (${address})`;
  return text.replace(/\p{C}/gu, "?");
}

/** Three decimals below 10 ms, two below 100 ms, one above; without the unit. */
export function millisecondsText(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  const milliseconds = seconds * 1000;
  return milliseconds.toFixed(milliseconds < 10 ? 3 : milliseconds < 100 ? 2 : 1);
}

/** 0 % and 100 % are said only of none and all. */
export function percentText(ratio: number | undefined): string {
  if (ratio === undefined) return "-";
  if (ratio === 0 || ratio === 1) return `${ratio * 100}%`;
  return `${Math.min(Math.max(ratio * 100, 0.1), 99.9).toFixed(1)}%`;
}

/**
 * The hosts as a table, times in milliseconds.
 *
 * @param options.columns No line is longer; what does not fit is left out, the least important first.
 * @returns Lines without their ends, the titles first.
 */
export function tableLines(
  rows: readonly PingRow[],
  options: { readonly columns: number; readonly hasLast: boolean },
): string[] {
  const hosts = rows.map(hostText);
  const hostWidth = longest(["host", ...hosts]);
  const shown = columnsFor(rows, hostWidth, options);
  const room = options.columns - shown.reduce((sum, { width }) => sum + width, 0);
  const width = Math.min(hostWidth, room);
  const titles = shown.map(({ column, width: of }) => column.title.padStart(of)).join("");
  return [
    cut("host", width).padEnd(width) + titles,
    ...rows.map((row, at) => {
      const host = cut(hosts[at] ?? "", width).padEnd(width);
      const { failure } = row;
      if (failure !== undefined && row.statistics.sent === 0) {
        return cut(`${host}${GAP}${failure.detail.replace(/\p{C}/gu, "?")}`, options.columns);
      }
      return host + shown.map(({ column, width: of }) => column.text(row).padStart(of)).join("");
    }),
  ].map((line) => line.trimEnd());
}

function columnsFor(
  rows: readonly PingRow[],
  hostWidth: number,
  { columns, hasLast }: { readonly columns: number; readonly hasLast: boolean },
): { readonly column: Column; readonly width: number }[] {
  const rare = RARE.filter((column) => rows.some((row) => column.text(row) !== "0"));
  const [sent, received, loss, ...times] = COLUMNS;
  const wanted = [sent, received, loss, ...rare, hasLast ? LAST : undefined, ...times];
  let shown = wanted
    .filter((column) => column !== undefined)
    .map((column) => ({ column, width: GAP.length + widthOf(column, rows) }));
  const most = columns - Math.min(hostWidth, MIN_HOST_CHARACTERS);
  while (shown.length > 1 && shown.reduce((sum, { width }) => sum + width, 0) > most) {
    const worst = Math.max(...shown.map(({ column }) => column.rank));
    shown = shown.filter(({ column }) => column.rank !== worst);
  }
  return shown;
}

/** So wide that numbers growing by a digit do not make the table dance. */
function widthOf(column: Column, rows: readonly PingRow[]): number {
  const USUAL_CHARACTERS = 6;
  return Math.max(
    USUAL_CHARACTERS,
    longest([column.title, ...rows.map((row) => column.text(row))]),
  );
}

/** By hand: a function takes fewer arguments than there may be hosts. */
function longest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), 0);
}

function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? text.slice(0, Math.max(width, 0)) : `${text.slice(0, width - 1)}…`;
}
