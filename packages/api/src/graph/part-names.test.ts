import { expect, test } from "vitest";
import { type StreamingContext, saveExternal } from "../index.ts";
import { GraphLab } from "../lab/graph.fixture.ts";

const count = (added: readonly number[], total = 0): number => total + added.length;
const pairs = (ssc: StreamingContext) =>
  ssc.socketTextStream("localhost", 9999).map((word): [string, number] => [word, 1]);
const sink = { label: "sink x", options: undefined, open: () => ({ write: () => {}, prepare: () => 1 }) };

/** `name: kind`, of every part. */
async function partsOf(build: (ssc: StreamingContext) => unknown): Promise<readonly string[]> {
  const { states, sources, outputs } = (await GraphLab.build(build)).graph.parts;
  return [...states, ...sources, ...outputs].map(({ name, kind, given }) => `${name}${given ? "" : "?"}: ${kind}`);
}

test("every part of a job that a checkpoint has data of has a name", async () => {
  const parts = await partsOf((ssc) => {
    const totals = pairs(ssc).updateStateByKey<number>(count);
    totals.print();
    totals.saveAsTextFiles("out").named("saved");
    ssc.textFileStream("/in").named("logs").countByWindow("3s").named("recent").print();
    pairs(ssc)
      .updateStateByKey<number>(count, { partitioner: { numPartitions: 3, getPartition: () => 0 } })
      .print();
    saveExternal(totals, sink);
    saveExternal(totals, { ...sink, label: "sink y" }).named("y");
  });
  expect(parts).toEqual([
    "updateStateByKey-0?: updateStateByKey",
    "recent: countByWindow of 3 s by 1 s",
    "updateStateByKey-1?: updateStateByKey, placed by its own partitioner",
    "input-0?: received",
    "logs: files",
    "input-2?: received",
    "print-0?: print",
    "saved: saveAsTextFiles",
    "print-1?: print",
    "print-2?: print",
    "saveExternal-0?: saveExternal to sink x",
    "y: saveExternal to sink y",
  ]);
});

test.each<[string, (ssc: StreamingContext) => unknown, RegExp]>([
  [
    "two streams",
    (ssc) => [ssc.queueStream([]).named("a").print(), ssc.queueStream([]).named("a")],
    /queueStream, and to queueStream/,
  ],
  [
    "a stream and an output",
    (ssc) => ssc.queueStream([]).named("a").print().named("a"),
    /to queueStream, and to print of queueStream/,
  ],
  [
    "a name that another has by its place",
    (ssc) => [ssc.queueStream([]).print(), ssc.textFileStream("/in").named("input-0").print()],
    /"input-0" is the name of queueStream, by its place, and given to textFileStream \/in/,
  ],
  [
    "an output's that another has by its place",
    (ssc) => [ssc.queueStream([]).print(), ssc.queueStream([]).print().named("print-0")],
    /"print-0" is the name of print of queueStream, by its place/,
  ],
])("a name is given once: %s", async (_, build, message) => {
  await expect(GraphLab.build((ssc) => void build(ssc))).rejects.toThrow(message);
  await expect(GraphLab.build((ssc) => void build(ssc))).rejects.toThrow("[NAME_TAKEN]");
});

test("a name by place may be given, to what had it before", async () => {
  const parts = await partsOf((ssc) => {
    pairs(ssc).updateStateByKey<number>(count).named("new").print();
    pairs(ssc).updateStateByKey<number>(count).named("updateStateByKey-0").print();
  });
  expect(parts.slice(0, 2)).toEqual(["new: updateStateByKey", "updateStateByKey-0: updateStateByKey"]);
});

test("functions and lines do not count as the place of a part, operations do", async () => {
  const placeOf = async (build: (ssc: StreamingContext) => unknown) => {
    const [state] = (await GraphLab.build(build)).graph.parts.states;
    return [state?.place, state?.code];
  };
  const was = await placeOf((ssc) => pairs(ssc).updateStateByKey<number>(count).print());
  const changed = await placeOf((ssc) =>
    pairs(ssc)
      .updateStateByKey<number>((added) => added.length)
      .print(),
  );
  const moved = await placeOf((ssc) =>
    pairs(ssc)
      .filter(() => true)
      .updateStateByKey<number>(count)
      .print(),
  );
  expect(changed[0]).toBe(was[0]);
  expect(changed[1]).not.toBe(was[1]);
  expect([moved[0] === was[0], moved[1]]).toEqual([false, was[1]]);
});

test("a job with a checkpoint directory is told which of its parts have no name", async () => {
  const build = (ssc: StreamingContext): void => {
    const totals = pairs(ssc).updateStateByKey<number>(count);
    totals.print();
    totals.saveAsTextFiles("out").named("saved");
    ssc.rateStream(1).print();
  };
  const lab = await GraphLab.build(build, { checkpointDir: "/checkpoint" });
  expect(lab.port.warnings).toEqual([
    expect.stringMatching(
      /^\[CHECKPOINT_UNNAMED\] the checkpoint has the data of updateStateByKey.* as "updateStateByKey-0", socketTextStream localhost:9999 as "input-0": by/,
    ),
  ]);
  expect((await GraphLab.build(build)).port.warnings).toEqual([]);
});

test("a checkpoint is told how far the job looks back, through all windows on one another", async () => {
  const lookBackOf = async (build: (ssc: StreamingContext) => unknown) =>
    (await GraphLab.build(build)).graph.parts.lookBack;
  expect(
    await lookBackOf((ssc) => {
      const numbers = ssc.iterableStream(() => [1]);
      numbers.window("3s").print();
      numbers.window("2s").map(String).window("2s").count().print();
    }),
  ).toMatchObject({ remembersMs: 4_000, longest: { label: expect.stringMatching(/^window/), ms: 4_000 } });
  expect(
    await lookBackOf((ssc) => {
      ssc.remember("7s");
      ssc.iterableStream(() => [1]).print();
    }),
  ).toEqual({ remembersMs: 7_000 });
});
