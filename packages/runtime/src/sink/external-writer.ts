/** The writer that an external sink creates for a task: the public `SinkWriter`. */
interface ExternalWriter {
  write(records: readonly unknown[]): unknown;
  prepare(): unknown;
  abort?(): unknown;
}

/** Records passed to a writer at once. */
const BATCH = 1024;

/**
 * Passes all records to a writer. If it fails, or its task is cancelled, `abort` is called; the first error is
 * reported.
 *
 * @returns The result of the writer's `prepare`, as the only record.
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
    return [await writer.prepare()];
  } catch (error) {
    try {
      await writer.abort?.();
    } catch {
      // The error that caused the abort is the one to report.
    }
    throw error;
  }
}
