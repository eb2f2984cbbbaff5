// A receiver that stores as fast as it may. Each block begins with how long it took until the one before was safe.
// Arguments: a directory for the checkpoint; records in a block; blocks that may be unconfirmed at once.
import { join } from "node:path";
import { defineJob, Receiver } from "millrace";
import { report } from "./report.ts";

const PADDING = "x".repeat(99);

class Flood extends Receiver<string> {
  readonly records: number;
  readonly inFlight: number;
  stopped = false;

  constructor(records: number, inFlight: number) {
    super();
    this.records = records;
    this.inFlight = inFlight;
  }

  override onStart(): void {
    for (let n = 0; n < this.inFlight; n++) void this.flow();
  }

  override onStop(): void {
    this.stopped = true;
  }

  async flow(): Promise<void> {
    const rest = Array.from({ length: this.records - 1 }, () => PADDING);
    let ms = 0;
    while (!this.stopped) {
      const begun = performance.now();
      await this.store([`#${ms}`, ...rest]);
      ms = performance.now() - begun;
    }
  }
}

export default defineJob(
  { name: "bench-receiving", batchInterval: "200ms" },
  (ssc, [directory = "", records, blocks]) => {
    ssc.checkpoint(join(directory, "checkpoint"));
    let last: number | undefined;
    ssc
      .receiverStream(new Flood(Number(records), Number(blocks)))
      .mapPartitions((lines) => {
        let count = 0;
        const times: number[] = [];
        for (const line of lines) {
          count += 1;
          if (line.startsWith("#")) times.push(Number(line.slice(1)));
        }
        return [{ count, times }];
      })
      .foreachRDD(async (rdd) => {
        const parts = await rdd.collect();
        const now = performance.now();
        const times = parts.flatMap((part) => part.times).sort((a, b) => a - b);
        const count = parts.reduce((sum, part) => sum + part.count, 0);
        if (last !== undefined) report({ ms: now - last, records: count, safeMs: times[times.length >> 1] ?? 0 });
        last = now;
      });
  },
);
