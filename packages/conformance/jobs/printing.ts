// The output of print(): ten and eleven records, none, records of several kinds and partitions, and two prints of a batch.
import { defineJob, type StreamingContext } from "millrace";

const numbers = (ssc: StreamingContext, length: number) => ssc.range(1, length + 1, 1, 4);

export default defineJob({ name: "printing", batchInterval: "100ms" }, (ssc) => {
  ssc.queueStream([numbers(ssc, 10), numbers(ssc, 11), numbers(ssc, 0)]).print();
  const kinds = [["hello", 45], "as it is", "", { a: [1n, undefined], b: new Map([[1, "x"]]) }, -0, null, undefined];
  ssc
    .queueStream<unknown>([kinds, ["a", "b", "c"], ["a", "b"]])
    .map((record) => record)
    .pprint(7);
  ssc
    .queueStream([["a"], ["b"]])
    .window("200ms", "200ms")
    .print(1);
});
