import { describe, test } from "vitest";
import { expectAgreement } from "./graph-agreement.fixture.ts";
import type { GraphRun } from "./graph-run.fixture.ts";

// Shrunk failures of random graphs, each named after the defect.

const of = (op: string, ...streams: readonly number[]) => ({ op, of: streams, n: 1, length: 1, slide: 1 });

const regressions: Readonly<Record<string, GraphRun>> = {
  "state below a window that slides by two batches began with a version that nobody had written": {
    graph: {
      sources: [{ pair: false, value: "text", batches: [{ partitions: 0, records: ["x"] }] }],
      nodes: [{ ...of("window", 0), slide: 2 }, of("map pairUp", 1), of("updateStateByKey total", 2)],
    },
    batches: 5,
    parallelism: 1,
  },
  "state that lay right for a shuffle after it was dropped before it was written": {
    graph: {
      sources: [{ pair: true, value: "number", batches: [{ partitions: 0, records: [["a", 1]] }] }],
      nodes: [of("updateStateByKey total", 0), of("partitionBy", 1)],
    },
    batches: 2,
    parallelism: 1,
  },
  "state had one order for who read it first and another for who read it again": {
    graph: {
      sources: [
        {
          pair: true,
          value: "number",
          batches: [
            {
              partitions: 0,
              records: [
                ["b", 1],
                ["a", 1],
              ],
            },
            { partitions: 0, records: [["a", 2]] },
          ],
        },
      ],
      nodes: [of("updateStateByKey total", 0), of("rdd zip", 1)],
    },
    batches: 2,
    parallelism: 1,
  },
};

describe("the engine agrees with the oracle again", () => {
  test.each(Object.entries(regressions))("where %s", (_, run) => expectAgreement(run));
});
