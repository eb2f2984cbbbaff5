import { millis } from "@millrace/base";
import { collected } from "../operations/collecting.ts";
import { Dataset } from "../operations/dataset.ts";
import type { GraphStream } from "../operations/graph-stream.ts";
import { checkCount, checkFlag, checkOptions } from "../refusal/check-all.ts";
import { loopSlow } from "../warnings.ts";
import { BatchQueue } from "./batch-queue.ts";

/** Options of `toAsyncIterable`. */
export interface AsyncIterableOptions {
  /**
   * The number of batches that may end before the loop has processed them; 1 by default. With 0, a batch ends when the
   * loop has taken all of it and requests more.
   */
  readonly highWater?: number | undefined;
  /** Yield whole batches, including empty ones. Default false: records. */
  readonly batches?: boolean | undefined;
}

/** A batch as yielded by `toAsyncIterable`. */
export interface StreamBatch<out T> {
  /** The batch time, in epoch ms. */
  readonly time: number;
  /** All its records, in partition order. */
  readonly records: readonly T[];
}

/** A batch delayed for this long deserves a warning. */
const WAITS_MS = 10_000;

/**
 * Declares an output operation that passes a stream's records to a loop on the driver.
 *
 * @throws BAD_ARGUMENT
 */
export function asyncOutput(
  { context, graph, node }: GraphStream,
  options: AsyncIterableOptions,
): AsyncIterableIterator<unknown, undefined> {
  const operator = "toAsyncIterable";
  const { highWater = 1, batches: given = false } = checkOptions(options, ["highWater", "batches"], operator);
  const batches = checkFlag(given, `batches of ${operator}`);
  const queue = new BatchQueue<unknown>(checkCount(highWater, `the highWater of ${operator}`, 0, 1_000_000));
  const { port } = context;
  const subject = `${operator} of ${node.label}`;
  graph.output(operator, node, async (lineage, { time }) => {
    if (!queue.open) return; // the loop has been left: fetch nothing for it
    const records = await collected(new Dataset(context, lineage), "collect");
    let waits = false;
    const late = port.clock.after(millis(WAITS_MS), () => {
      waits = true;
      port.warn(
        loopSlow(
          subject,
          `batch ${time} waits for the loop that reads ${subject}, for more than ${WAITS_MS / 1000} s so far. ` +
            "Later batches wait too. Make the loop faster, or leave it: break, or return() of the iterator.",
        ),
      );
    });
    await queue.push(batches ? [{ time, records }] : records);
    late.cancel();
    if (waits) port.warningOver({ subject, message: undefined });
  });
  graph.addLife({
    async end(error) {
      await queue.end(error);
      return queue.asked;
    },
  });
  return queue;
}
