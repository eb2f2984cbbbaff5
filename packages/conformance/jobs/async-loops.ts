// Loops of the driver over streams: prints `record N` for each record, `batch N` for each whole batch of a stream that is
// read through a web stream, and what the loops do after their ends. With the argument `fails`, the second batch fails.
import { setImmediate as nextTurn } from "node:timers/promises";
import { defineJob } from "millrace";

export default defineJob({ name: "async-loops", batchInterval: "200ms" }, (ssc, [mode]) => {
  const numbers = ssc.rateStream(10);
  const records = numbers.map(({ value }) => value).toAsyncIterable();
  const read = async (): Promise<void> => {
    try {
      for await (const record of records) {
        await nextTurn();
        console.log(`record ${record}`);
      }
      console.log("records ended");
    } catch (error) {
      console.log(`records failed: ${error instanceof Error ? error.message : error}`);
    }
    await nextTurn();
    console.log("and were closed");
  };
  void read();

  const batches = ReadableStream.from(numbers.count().toAsyncIterable({ batches: true, highWater: 0 }));
  const shown = new WritableStream({
    write: ({ records: [count] }) => console.log(`batch of ${count}`),
    close: () => console.log("batches ended"),
  });
  batches.pipeTo(shown).catch((error) => console.log(`batches failed: ${error.code}`));
  numbers.foreachRDD(async (rdd) => {
    const first = await rdd.first();
    if (mode === "fails" && first.value > 0) throw new Error("as it was asked to");
  });
});
