import type { Baseline } from "./baseline.ts";
import type { Bench, Goal, Metric, SubjectResult } from "./bench.ts";
import type { Spread } from "./statistics.ts";

const COLUMNS = ["subject", "metric", "median", "min – max", "× reference", "baseline", "× baseline"] as const;

/** The results of a bench as a table in plain text; below it, why subjects failed. */
export function resultsTable(bench: Bench, results: readonly SubjectResult[], baseline: Baseline | undefined): string {
  const rows = results.flatMap((result) =>
    Object.entries(result.metrics).map(([name, value], i) => {
      const metric = bench.metrics[name];
      const before = baseline?.subjects[result.name]?.metrics[name];
      const ratio = result.ratios[name];
      return [
        i === 0 ? result.name : "",
        metric === undefined ? name : `${name}, ${metric.unit}`,
        figure(value.median),
        `${figure(value.min)} – ${figure(value.max)}`,
        ratio === undefined ? "" : ratioText(ratio),
        before === undefined ? "" : figure(before.median),
        before === undefined || before.median === 0 ? "" : comparison(value.median / before.median, metric),
      ];
    }),
  );
  const failures = results.flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name} failed: ${error.message}`],
  );
  return [...(rows.length === 0 ? [] : layOut([[...COLUMNS], ...rows])), ...failures].join("\n");
}

/** Each goal with its figure, as met or not. */
export function goalsText(goals: readonly Goal[]): string {
  return goals
    .map(({ what, value, unit, max }) => {
      if (value === undefined) return `NOT MEASURED  ${what}`;
      const verdict = value <= max ? "met" : "NOT MET";
      return `${verdict.padEnd("NOT MEASURED".length)}  ${what}: ${figure(value)} ${unit}`;
    })
    .join("\n");
}

/** Three digits, or all digits before the decimal point if there are more. */
export function figure(n: number): string {
  if (n === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(n))));
  return n.toFixed(Math.min(digits, 3));
}

function ratioText(ratio: Spread): string {
  return `${figure(ratio.median)} (${figure(ratio.min)} – ${figure(ratio.max)})`;
}

/** Marks what is worse than the baseline by more than noise. */
function comparison(ratio: number, metric: Metric | undefined): string {
  const worse = metric?.better === "higher" ? ratio < 0.8 : ratio > 1.25;
  return figure(ratio) + (worse ? " worse" : "");
}

/** Columns are as wide as their widest cell; the first two are left-aligned, figures right-aligned. */
function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
