// Windows of records: WN-2, WN-3, WN-6, WN-7, DS-18, DS-19, and windows of windows. A batch is 100 ms.
import { type Case, kv, NO_BATCH, observation, operation } from "./case.ts";

const add = (a: number, b: number): number => a + b;
const letters = [["a"], ["b"], ["c"], [], ["e"], ["f"], ["g"], ["h"]];

export const windows: readonly Case[] = [
  operation({
    id: "WN-2",
    title: "a window has the batches of (t - length, t], oldest first, and WN-3: early ones only what exists",
    batches: letters,
    build: (stream) => stream.window(300),
    order: "exactly",
    expected: [
      ["a"],
      ["a", "b"],
      ["a", "b", "c"],
      ["b", "c"],
      ["c", "e"],
      ["e", "f"],
      ["e", "f", "g"],
      ["f", "g", "h"],
    ],
  }),
  operation({
    id: "WN-2",
    title: "a window of one batch is that batch",
    batches: letters.slice(0, 3),
    build: (stream) => stream.window(100),
    order: "exactly",
    expected: [["a"], ["b"], ["c"], []],
  }),
  operation({
    id: "WN-6",
    title: "windows tumble when the slide is the length; TM-4: they count from the job's first batch",
    batches: letters,
    build: (stream) => stream.window("200ms", "200ms"),
    order: "exactly",
    expected: [NO_BATCH, ["a", "b"], NO_BATCH, ["c"], NO_BATCH, ["e", "f"], NO_BATCH, ["g", "h"]],
  }),
  operation({
    id: "WN-6",
    title: "windows overlap when the slide is shorter",
    batches: letters,
    build: (stream) => stream.window(300, 200),
    order: "exactly",
    expected: [NO_BATCH, ["a", "b"], NO_BATCH, ["b", "c"], NO_BATCH, ["e", "f"], NO_BATCH, ["f", "g", "h"]],
  }),
  operation({
    id: "WN-6",
    title: "windows leave gaps when the slide is longer",
    batches: letters,
    build: (stream) => stream.window(100, 300),
    order: "exactly",
    expected: [NO_BATCH, NO_BATCH, ["c"], NO_BATCH, NO_BATCH, ["f"], NO_BATCH, NO_BATCH],
  }),
  operation({
    id: "WN-7",
    title: "a window has the partitions of all its batches",
    batches: [["a"], ["b"], ["c"]],
    partitions: 2,
    build: (stream) => stream.window(200).glom(),
    order: "exactly",
    expected: [
      [[], ["a"]],
      [[], ["a"], [], ["b"]],
      [[], ["b"], [], ["c"]],
      [[], ["c"]],
    ],
  }),
  operation({
    id: "WN-1",
    title: "the slide of a window is its stream's own when it is left out",
    batches: letters,
    build: (stream) => stream.window(200, 200).window(400),
    order: "exactly",
    expected: [
      NO_BATCH,
      ["a", "b"],
      NO_BATCH,
      ["a", "b", "c"],
      NO_BATCH,
      ["c", "e", "f"],
      NO_BATCH,
      ["e", "f", "g", "h"],
    ],
  }),
  operation({
    id: "DS-18",
    title: "a window of windows has what lies in two of them twice",
    batches: [["a"], ["b"], ["c"]],
    build: (stream) => stream.window(200).window(200),
    order: "exactly",
    expected: [["a"], ["a", "a", "b"], ["a", "b", "b", "c"], ["b", "c", "c"], ["c"]],
  }),
  operation({
    id: "DS-18",
    title: "a window of windows that slides by several of them",
    batches: letters,
    build: (stream) => stream.window(200, 200).window(200, 400),
    order: "exactly",
    expected: [NO_BATCH, NO_BATCH, NO_BATCH, ["c"], NO_BATCH, NO_BATCH, NO_BATCH, ["g", "h"]],
  }),
  operation({
    id: "DS-18",
    title: "a window of counts has one number for each batch, 0 for empty ones",
    batches: [["a", "b"], [], ["c"]],
    build: (stream) => stream.count().window(200),
    order: "exactly",
    expected: [[2], [2, 0], [0, 1], [1, 0], [0, 0]],
  }),
  operation({
    id: "DS-18",
    title: "a window reduced by key afterwards",
    batches: [[kv("a", 1), kv("b", 2)], [kv("a", 3)], []],
    build: (stream) => stream.window(200).reduceByKey(add),
    expected: [[kv("a", 1), kv("b", 2)], [kv("a", 4), kv("b", 2)], [kv("a", 3)], []],
  }),
  observation({
    id: "WN-4",
    title: "a window keeps its stream by itself: each record is computed once, however many windows it lies in",
    expected: [[1], [2], [3], [3]],
    declare: (ssc, report) => {
      const runs = ssc.longAccumulator();
      const counted = ssc.queueStream([["a"], ["b"], ["c"]]).map((letter) => {
        runs.add(1);
        return letter;
      });
      counted.window(300).foreachRDD(async (rdd, time) => {
        await rdd.count();
        report(time, [runs.value]);
      });
    },
  }),
  operation({
    id: "DS-19",
    title: "reduceByWindow gives one record, and nothing for an empty window",
    batches: [[1, 2], [3], [], []],
    build: (stream) => stream.reduceByWindow(add, 200),
    order: "exactly",
    expected: [[3], [6], [3], []],
  }),
  operation({
    id: "DS-19",
    title: "reduceByWindow needs no inverse, so that the greatest of a window may leave it",
    batches: [[5], [1, 7], [2], [3], []],
    build: (stream) => stream.reduceByWindow(Math.max, 200, 200),
    order: "exactly",
    expected: [NO_BATCH, [7], NO_BATCH, [3], NO_BATCH, []],
  }),
];
