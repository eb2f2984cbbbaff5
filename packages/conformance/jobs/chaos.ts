// Numbered records of files, and of a socket if its port is given, or of a reliable source instead, if that has a port; through
// everything that has to survive: state of both kinds, windows with and without an inverse, saved files. Shows how many
// records are in the state after each batch.
import { defineJob, type State } from "millrace";
import { ReliableNumbers } from "./numbers.ts";

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;
const KEYS = 7;

interface Total {
  readonly records: number;
  readonly sum: number;
}

export default defineJob(
  { name: "chaos", batchInterval: "200ms" },
  (ssc, [directory = "", port = "0", source = "0"]) => {
    ssc.checkpoint(`${directory}/checkpoint`);
    const files =
      source === "0"
        ? ssc.textFileStream(`${directory}/in`)
        : ssc.receiverStream(new ReliableNumbers(`http://127.0.0.1:${source}`)).map(String);
    const lines = port === "0" ? files : files.union(ssc.socketTextStream("127.0.0.1", Number(port)));
    lines.saveAsTextFiles(`${directory}/out/records`);
    const pairs = lines.map((line): [number, number] => [Number(line) % KEYS, Number(line)]);
    const totals = pairs.updateStateByKey<Total>((numbers, total = { records: 0, sum: 0 }) => ({
      records: total.records + numbers.length,
      sum: numbers.reduce(add, total.sum),
    }));
    totals.map(([key, { records, sum }]) => `${key} ${records} ${sum}`).saveAsTextFiles(`${directory}/out/totals`);
    pairs
      .mapWithState((key, number = 0, state: State<number>) => {
        const place = (state.getOption() ?? 0) + 1;
        state.update(place);
        return `${key} ${number} ${place}`;
      })
      .saveAsTextFiles(`${directory}/out/places`);
    pairs
      .reduceByKeyAndWindow(add, subtract, "1s")
      .map(([key, sum]) => `${key} ${sum}`)
      .saveAsTextFiles(`${directory}/out/recent`);
    lines.window("600ms").saveAsTextFiles(`${directory}/out/window`);
    totals.foreachRDD(async (rdd) => {
      const all = await rdd.collect();
      console.log(`counted ${all.map(([, { records }]) => records).reduce(add, 0)}`);
    });
  },
);
