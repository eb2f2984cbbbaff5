// The records of each kind of file stream below a directory, one per line: `text`, `size` and `point`.
import { defineJob } from "millrace";

/** One record a file: how many bytes it has. */
async function* size(bytes: AsyncIterable<Uint8Array>) {
  let sum = 0;
  for await (const piece of bytes) sum += piece.length;
  yield sum;
}

export default defineJob({ name: "files", batchInterval: "200ms" }, (ssc, [directory = "."]) => {
  ssc.textFileStream(`${directory}/text`).foreachRDD(async (rdd) => {
    for (const line of await rdd.collect()) console.log(`text ${line}`);
  });
  ssc.fileStream(`${directory}/days/*/{web,mail}`, { format: size, newFilesOnly: false }).foreachRDD(async (rdd) => {
    for (const bytes of await rdd.collect()) console.log(`size ${bytes}`);
  });
  ssc
    .binaryRecordsStream(`${directory}/points`, 8)
    .map((record) => {
      const view = new DataView(record.buffer);
      return `${view.getInt32(0)} ${view.getInt32(4)}`;
    })
    .foreachRDD(async (rdd) => {
      for (const point of await rdd.collect()) console.log(`point ${point}`);
    });
});
