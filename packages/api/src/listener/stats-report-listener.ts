import { formatDuration } from "@millrace/base";
import { checkCount } from "../refusal/check-all.ts";
import type { BatchInfo, StreamingListener } from "./streaming-listener.ts";

const QUANTILES: readonly number[] = [0, 5, 10, 25, 50, 75, 90, 95, 100];

/**
 * Prints how long the last batches took, after each batch: the distributions of their total delays and processing
 * times.
 */
export class StatsReportListener implements StreamingListener {
  readonly #batchesMax: number;
  readonly #write: (text: string) => void;
  readonly #batches: BatchInfo[] = [];

  /**
   * @param batches Number of batches to include; 10 by default.
   * @param write Receives the text; the job's standard output by default.
   */
  constructor(batches = 10, write: (text: string) => void = (text) => console.log(text)) {
    this.#batchesMax = checkCount(batches, "the number of batches of StatsReportListener", 1, 1_000_000);
    this.#write = write;
  }

  onBatchCompleted({ batchInfo }: { readonly batchInfo: BatchInfo }): void {
    this.#batches.push(batchInfo);
    if (this.#batches.length > this.#batchesMax) this.#batches.shift();
    const delays = this.#batches.flatMap(({ totalDelay = [] }) => totalDelay);
    const times = this.#batches.flatMap(({ processingDelay = [] }) => processingDelay);
    this.#write([...distribution("Total delay", delays), ...distribution("Processing time", times)].join("\n"));
  }
}

/** A heading with count, mean and deviation, followed by the quantiles and their values. */
function distribution(heading: string, ms: readonly number[]): string[] {
  if (ms.length === 0) return [];
  const sorted = [...ms].sort((a, b) => a - b);
  const mean = ms.reduce((sum, value) => sum + value, 0) / ms.length;
  const deviation = Math.sqrt(ms.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ms.length);
  const at = (percent: number): number =>
    sorted[Math.min(Math.floor((percent / 100) * sorted.length), sorted.length - 1)] ?? 0;
  return [
    `${heading}: (count: ${ms.length}, mean: ${formatDuration(mean)}, stdev: ${formatDuration(deviation)})`,
    QUANTILES.map((percent) => `\t${percent}%`).join(""),
    QUANTILES.map((percent) => `\t${formatDuration(at(percent))}`).join(""),
  ];
}
