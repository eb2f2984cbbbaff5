import { invariantBroken } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { badArgument, badWindow } from "../errors.ts";
import { defineJob } from "../job/define-job.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { StateSpec } from "../stream/state-spec.ts";
import { checkAll } from "./check-all.ts";

const refuse = (text: string) => (): never => {
  throw badArgument(text);
};

describe("checkAll", () => {
  test("returns the result of every check", () => {
    expect(checkAll("op", { a: () => 1, b: () => "x" })).toEqual({ a: 1, b: "x" });
  });

  test("passes on a single refusal unchanged", () => {
    const alone = badWindow("the slide is odd.");
    const check = (): never => {
      throw alone;
    };
    expect(() => checkAll("op", { a: () => 1, b: check })).toThrow(alone);
  });

  test("lists several refusals, those of checks within a check too", () => {
    const within = () => checkAll("op", { b: refuse("b is odd."), c: refuse("c is odd.") });
    expect(() => checkAll("op", { a: refuse("a is odd."), within })).toThrow(
      "[BAD_ARGUMENT] 3 arguments of op are wrong: (1) a is odd. (2) b is odd. (3) c is odd.",
    );
  });

  test("does not hide a defect among refusals", () => {
    const broken = (): never => {
      throw invariantBroken("broken");
    };
    expect(() => checkAll("op", { a: refuse("a is odd."), broken })).toThrow("[INVARIANT_BROKEN]");
  });
});

describe("several wrong arguments are reported in one refusal", () => {
  const odd = (value: unknown) => value as never; // what no type allows

  // Declarations with several mistakes, and the texts that the refusal must contain.
  const cases: Readonly<Record<string, readonly [(ssc: StreamingContext) => unknown, readonly string[]]>> = {
    sockets: [
      (ssc) => ssc.socketTextStream("", 70_000, odd("disk")),
      ["3 arguments of socketTextStream", "the host", "the port of socketTextStream is 70000", "a storage level"],
    ],
    "file streams": [
      (ssc) => ssc.fileStream("", odd({ filter: 5, newFilesOnly: "yes", recursive: true })),
      ["4 arguments of fileStream", "the path", "the filter", "newFilesOnly of fileStream", 'no option "recursive"'],
    ],
    queues: [
      (ssc) => ssc.queueStream([], odd({ oneAtATime: 1, default: 5, loop: true })),
      ["3 arguments of queueStream", "oneAtATime", "the default of queueStream is number", 'no option "loop"'],
    ],
    rates: [
      (ssc) => ssc.rateStream(-1, { numPartitions: 0 }),
      ["2 arguments of rateStream", "records per second of rateStream is -1", "numPartitions of rateStream is 0"],
    ],
    "static files": [
      (ssc) => ssc.textFile("", 0),
      ["2 arguments of textFile", "the path given to textFile is empty", "numPartitions of textFile is 0"],
    ],
    windows: [
      (ssc) => ssc.queueStream<[string, number]>([]).reduceByKeyAndWindow((a, b) => a + b, "1500ms", odd("often"), 0),
      ["3 arguments of reduceByKeyAndWindow", "the length", "1.5 s", "the slide", '"often"', "numPartitions"],
    ],
    "a StateSpec": [
      (ssc) => {
        const spec = StateSpec.function((_: string, value: number | undefined) => value);
        return ssc
          .queueStream<[string, number]>([])
          .mapWithState(spec.timeout(odd("soon")).numPartitions(5000).initialState(odd(5)));
      },
      ["3 arguments of mapWithState", 'the timeout of mapWithState is "soon"', "numPartitions", "the initial state"],
    ],
    "options of state": [
      (ssc) =>
        ssc
          .queueStream<[string, number]>([])
          .updateStateByKey((values) => values.length, odd({ onlyUpdated: "yes", numPartitions: 1.5, timeout: "1s" })),
      ["3 arguments of updateStateByKey", "onlyUpdated", "numPartitions", 'no option "timeout"'],
    ],
    saves: [
      (ssc) => ssc.queueStream([]).saveAsTextFiles(odd(5), odd(null), odd({ codec: "zip" })),
      ["3 arguments of saveAsTextFiles", "the prefix", "the suffix", 'the codec of saveAsTextFiles is "zip"'],
    ],
  };

  test.each(Object.entries(cases))("%s", async (_, [declare, parts]) => {
    const error: unknown = await GraphLab.build(declare).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "BAD_ARGUMENT",
      site: { file: expect.stringMatching(/check-all\.test\.ts$/) },
    });
    for (const part of parts) expect(error).toMatchObject({ message: expect.stringContaining(part) });
  });

  test("options of a job", () => {
    const options = odd({ name: " ", batchInterval: "often", checkpointDir: 5, interval: "1s" });
    expect(() => defineJob(options, odd(undefined))).toThrow(
      /^\[BAD_JOB_OPTIONS\] defineJob: there is no option "interval"; name must .*; batchInterval is "often", which is not a duration\..*; checkpointDir must .*; the second argument/,
    );
    expect(() => defineJob({ name: "x", batchInterval: "often" }, () => {})).toThrow("[BAD_DURATION] batchInterval is");
  });
});
