export type Column = { readonly title: string; readonly align: "left" | "right" };

/** Lines of a table in Markdown, padded so that it also reads well on a terminal. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, 3, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ align }, at) => {
      const cell = cells[at] ?? "";
      const width = widths[at] ?? 0;
      return align === "left" ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = columns.map(({ align }, at) => {
    const dashes = "-".repeat((widths[at] ?? 3) - 1);
    return align === "left" ? `-${dashes}` : `${dashes}:`;
  });
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)];
}

/** 300000 as `300,000`. @param decimals Digits after the point; none by default. */
export function figure(value: number, decimals = 0): string {
  if (!Number.isFinite(value)) return "–";
  return value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}
