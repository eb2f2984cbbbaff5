// Sources on the driver: records at a rate, and a custom input stream, which is notified of start and stop.
import { defineJob, InputDStream, type RDD, type StreamingContext } from "millrace";

class Countdown extends InputDStream<number> {
  readonly #ssc: StreamingContext;
  #left: number;

  constructor(ssc: StreamingContext, from: number) {
    super();
    this.#ssc = ssc;
    this.#left = from;
  }

  override async start(): Promise<void> {
    console.log(`countdown from ${this.#left}`);
  }

  override compute(): RDD<number> | undefined {
    return this.#left === 0 ? undefined : this.#ssc.parallelize([this.#left--]);
  }

  override async stop(): Promise<void> {
    await Promise.resolve();
    console.log("countdown stopped");
  }
}

export default defineJob({ name: "driver-sources", batchInterval: "200ms" }, (ssc, [fails]) => {
  ssc.rateStream(1000).foreachRDD(async (rdd) => {
    const values = (await rdd.collect()).map(({ value }) => value);
    const gaps = values.filter((value, i) => i > 0 && value !== (values[i - 1] ?? 0) + 1).length;
    console.log(`rate ${values[0]} to ${values.at(-1)}, ${gaps} gaps`);
  });
  ssc.inputStream(new Countdown(ssc, 2)).foreachRDD(async (rdd) => {
    console.log(`countdown ${JSON.stringify(await rdd.collect())}`);
    if (fails === "fails") throw new Error("as it was asked to");
  });
});
