// Joins of two streams: PD-6, PD-7, within a batch and across windows.
import { type Case, inOrder, kv, operation, operationOnTwo } from "./case.ts";

// Keys: a on both sides, b twice on the left and twice on the right, c left only, d right only.
const left = [kv("a", 1), kv("b", 2), kv("b", 3), kv("c", 4)];
const right = [kv("b", "x"), kv("d", "y"), kv("a", "z"), kv("b", "w")];
const both = [kv("a", kv(1, "z")), kv("b", kv(2, "x")), kv("b", kv(2, "w")), kv("b", kv(3, "x")), kv("b", kv(3, "w"))];
const onlyLeft = kv("c", kv(4, undefined));
const onlyRight = kv("d", kv(undefined, "y"));

/** In the second batch the left side alone has something, in the third the right one, in the fourth none. */
const batches = [left, [kv("a", 5)], [], []];
const others = [right, [], [kv("a", "v")], []];
const streams = { batches, others };

export const joins: readonly Case[] = [
  operationOnTwo({
    id: "PD-6",
    title: "cogroup gives both sides of every key that either has",
    ...streams,
    build: (a, b) => a.cogroup(b).mapValues(([some, others]) => kv(inOrder(some), inOrder(others))),
    expected: [
      [kv("a", kv([1], ["z"])), kv("b", kv([2, 3], ["w", "x"])), kv("c", kv([4], [])), kv("d", kv([], ["y"]))],
      [kv("a", kv([5], []))],
      [kv("a", kv([], ["v"]))],
      [],
      [],
    ],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "join gives each combination of values of a key that both have in the same batch",
    ...streams,
    build: (a, b) => a.join(b),
    expected: [both, [], [], [], []],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "leftOuterJoin adds what only the left side has",
    ...streams,
    build: (a, b) => a.leftOuterJoin(b),
    expected: [[...both, onlyLeft], [kv("a", kv(5, undefined))], [], [], []],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "rightOuterJoin adds what only the right side has",
    ...streams,
    build: (a, b) => a.rightOuterJoin(b),
    expected: [[...both, onlyRight], [], [kv("a", kv(undefined, "v"))], [], []],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "fullOuterJoin adds what either side has alone",
    ...streams,
    build: (a, b) => a.fullOuterJoin(b),
    expected: [[...both, onlyLeft, onlyRight], [kv("a", kv(5, undefined))], [kv("a", kv(undefined, "v"))], [], []],
  }),
  ...[1, 2, 16].map((partitions) =>
    operationOnTwo({
      id: "PD-7",
      title: `fullOuterJoin over ${partitions} partitions, of 3 and of 5, gives the same`,
      batches: [left],
      partitions: 3,
      others: [right],
      otherPartitions: 5,
      build: (a, b) => a.fullOuterJoin(b, partitions),
      expected: [[...both, onlyLeft, onlyRight]],
    }),
  ),
  operationOnTwo({
    id: "PD-7",
    title: "join places its result as a partitioner says",
    ...streams,
    build: (a, b) =>
      a
        .join(b, { numPartitions: 2, getPartition: (key) => (key === "b" ? 0 : 1) })
        .keys()
        .glom(),
    order: "exactly",
    expected: [
      [["b", "b", "b", "b"], ["a"]],
      [[], []],
      [[], []],
    ],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "join of streams that are placed alike, and of one that is not",
    batches: [left],
    others: [right],
    build: (a, b) =>
      a
        .partitionBy(4)
        .join(b.partitionBy(4), 4)
        .union(a.partitionBy(4).join(b.repartition(3), 4)),
    expected: [[...both, ...both]],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "outer joins tell a value that is undefined from none by their combinations only",
    batches: [[kv("a", undefined), kv("b", null)]],
    others: [[kv("a", undefined), kv("a", null)]],
    build: (a, b) => a.fullOuterJoin(b),
    expected: [[kv("a", kv(undefined, undefined)), kv("a", kv(undefined, null)), kv("b", kv(null, undefined))]],
  }),
  operation({
    id: "PD-7",
    title: "join of a stream with itself squares the values of each key",
    batches: [[kv("a", 1), kv("a", 2), kv("b", 3)]],
    build: (stream) => stream.join(stream),
    expected: [[kv("a", kv(1, 1)), kv("a", kv(1, 2)), kv("a", kv(2, 1)), kv("a", kv(2, 2)), kv("b", kv(3, 3))]],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "join across batches takes a window on one side",
    batches: [[kv("a", 1)], [kv("b", 2)], [], []],
    others: [[kv("b", "x")], [kv("a", "y")], [kv("b", "z")]],
    build: (a, b) => a.window(200).join(b),
    expected: [[], [kv("a", kv(1, "y"))], [kv("b", kv(2, "z"))], []],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "join across batches takes windows on both sides",
    batches: [[kv("a", 1)], [kv("a", 2)], [], []],
    others: [[], [kv("a", "y")], [kv("a", "z")]],
    build: (a, b) => a.window(200, 200).join(b.window(300, 200)),
    expected: [undefined, [kv("a", kv(1, "y")), kv("a", kv(2, "y"))], undefined, []],
  }),
];
