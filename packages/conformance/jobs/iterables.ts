// Records of async iterables and web streams on executors. `numbers` breaks off once, after three; `text` is a web stream
// that ends; `endless` waits for the end of the job and then says so on standard output of its executor.
import { defineJob } from "millrace";

let attempt = 0;

async function* numbers(signal: AbortSignal) {
  attempt += 1;
  if (attempt === 1) {
    yield* [1, 2, 3];
    throw new Error("broke off");
  }
  yield* [4, 5];
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  console.log("numbers were told to end");
}

export default defineJob({ name: "iterables", batchInterval: "100ms" }, (ssc) => {
  ssc.iterableStream(numbers).foreachRDD(async (rdd) => {
    for (const n of await rdd.collect()) console.log(`number ${n}`);
  });
  const words = ["to", "be", "or", "not", "to", "be"];
  ssc
    .iterableStream(() => ReadableStream.from(words.map((word) => [word, 1] as const)))
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd) => {
      for (const [word, n] of await rdd.collect()) console.log(`word ${word} ${n}`);
    });
});
