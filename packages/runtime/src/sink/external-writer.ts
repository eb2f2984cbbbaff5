/** What an external sink gives a task: the port `SinkWriter` of jobs. */
interface ExternalWriter {
  write(records: readonly unknown[]): unknown;
  close(): unknown;
  abort?(): unknown;
}

/** Records that are handed to a writer at once. */
const BATCH = 1024;

/**
 * Has a writer take all records. One that failed, or whose task was cancelled, is told to abort; its own error is the one that counts.
 *
 * @returns What was written, as the only record.
 */
export async function writeAll(open: () => unknown, records: Iterable<unknown>): Promise<readonly [unknown]> {
  const writer = (await open()) as ExternalWriter; // a value without these methods throws when they are called
  try {
    let batch: unknown[] = [];
    for (const record of records) {
      if (batch.push(record) < BATCH) continue;
      await writer.write(batch);
      batch = [];
    }
    if (batch.length > 0) await writer.write(batch);
    return [await writer.close()];
  } catch (error) {
    try {
      await writer.abort?.();
    } catch {
      // What made it abort says more.
    }
    throw error;
  }
}
