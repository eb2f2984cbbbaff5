/** One column: its heading and its text for a row. */
export interface TableColumn<Row> {
  readonly title: string;
  readonly show: (row: Row) => string;
  readonly align?: "right";
}

/** Rows as aligned text, two spaces between columns; `empty` if there are none. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => column.show(row))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => (line[at] ?? "").length)));
  const pad = (text: string, at: number): string => {
    const width = widths[at] ?? 0;
    return columns[at]?.align === "right" ? text.padStart(width) : text.padEnd(width);
  };
  return cells.map((line) => `${line.map(pad).join("  ").trimEnd()}\n`).join("");
}
