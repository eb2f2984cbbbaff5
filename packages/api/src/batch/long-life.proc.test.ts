import { queryObjects } from "node:v8";
import { describe, expect, test } from "vitest";
import { InputDStream, type State } from "../index.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { RDD } from "../rdd/rdd.ts";
import type { DStream } from "../stream/dstream.ts";
import { BatchScope } from "./batch-scope.ts";

/*
 * A batch that anything still refers to after its time shows as a BatchScope, which V8 counts after a full collection. With
 * it would live its lineage, and through windows every batch before it.
 */

/** The longest look back below, in batches, and the one that runs. */
const REMEMBERED = 5;
/** Many times as many: were one of two kept, three times those remembered would show. */
const BATCHES = 30;
/** Those remembered, twice: the test before may have left some on the stack, which the collector does not clear. */
const KEPT_MAX = 2 * REMEMBERED;

class Constant extends InputDStream<string> {
  readonly #rdd: RDD<string>;

  constructor(rdd: RDD<string>) {
    super();
    this.#rdd = rdd;
  }

  override compute(): RDD<string> {
    return this.#rdd;
  }
}

const words = ["a", "b"];

const sources = {
  "a receiver": (ssc) => ssc.socketTextStream("h", 1),
  "a queue": (ssc) => ssc.queueStream<string>([], { default: words }),
  "a queue of RDDs": (ssc) => ssc.queueStream<string>([], { default: ssc.parallelize(words) }),
  "a rate": (ssc) => ssc.rateStream(100).map(({ value }) => String(value)),
  "a directory": (ssc) => ssc.textFileStream("/in"),
  "an input of the job's own": (ssc) => ssc.inputStream(new Constant(ssc.parallelize(words))),
} satisfies Record<string, (ssc: StreamingContext) => DStream<string>>;

/** Every way to look back, and outputs that run jobs. */
function useAll(stream: DStream<string>): void {
  const pairs = stream.map((word): [string, number] => [word, 1]);
  const totals = pairs.updateStateByKey(total);
  stream.print();
  stream.window("3s").print();
  stream.window("2s").window("3s", "2s").count().print();
  stream.transform((rdd) => rdd.sortBy((word) => word)).print();
  stream.window("2s").foreachRDD(async (rdd) => void (await rdd.distinct().count()));
  pairs.reduceByKeyAndWindow(add, "3s").print();
  pairs.reduceByKeyAndWindow(add, subtract, "3s", "2s").print();
  pairs.window("2s").join(pairs.window("4s")).print();
  pairs
    .mapWithState((word, n, state: State<number>) => {
      state.update((state.getOption() ?? 0) + (n ?? 0));
      return word;
    })
    .print();
  totals.window("2s").print();
}

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;
const total = (values: number[], sum?: number): number => values.reduce(add, sum ?? 0);

describe("batches that are over are kept by nothing", () => {
  test.each(Object.entries(sources))("when the source is %s", async (_, source) => {
    const before = queryObjects(BatchScope, { format: "count" }); // what other files of this process left
    const port = new FakePort();
    port.memory.directory("/in");
    const lab = await GraphLab.build((ssc) => useAll(source(ssc)), { port });
    for (let i = 1; i <= BATCHES; i++) {
      const { time, error } = await lab.batch(i * 1000, { blocks: [`recv/${i}`] });
      expect(error).toBeUndefined();
      lab.graph.release(time);
      port.plans.length = 0;
    }
    const kept = queryObjects(BatchScope, { format: "count" });
    expect(kept).toBeGreaterThan(0); // it does count them
    expect(kept - before).toBeLessThanOrEqual(KEPT_MAX);
    expect(lab.graph.name).toBe("test"); // whose graph is alive until here
  });
});
