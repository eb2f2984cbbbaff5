import fc from "fast-check";
import { typesOf } from "../jobs/graph/build.ts";
import type { Graph, GraphNode, GraphSource, QueuedBatch } from "../jobs/graph/graph.ts";
import { operations } from "../jobs/graph/operations.ts";
import type { GraphRun } from "./graph-run.fixture.ts";

const BATCHES = 5;
const PARTITIONS_MAX = 4;

/** Keys of every kind, equal ones among them, and those that only look alike. */
const key: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>("a", "b", "c") },
  fc.constantFrom<unknown>(0, -0, 1, 1.5, Number.NaN, 2 ** 53, -1, "0", "1", "", "true", "null"),
  fc.constantFrom<unknown>(0n, 1n, -(2n ** 70n), true, false, null, undefined),
  fc.constantFrom<unknown>(
    "\ud83d",
    "😀",
    "é",
    "a text that is longer than short ones are",
    "a text that is longer than others",
  ),
  fc.constantFrom(0, 1, Number.NaN).map((ms) => new Date(ms)),
  fc.constantFrom([], [0], [1, 0]).map((bytes) => Uint8Array.from(bytes)),
  fc.constantFrom<unknown>([], [1], ["1"], [1, ["a"]], [[]], {}, { a: 1, b: 2 }, { b: 2, a: 1 }, { a: { b: [-0] } }),
);

const batchOf = (record: fc.Arbitrary<unknown>): fc.Arbitrary<QueuedBatch> =>
  fc.record({ partitions: fc.nat({ max: PARTITIONS_MAX }), records: fc.array(record, { maxLength: 8 }) });

const sourceOf = (
  pair: boolean,
  value: GraphSource["value"],
  record: fc.Arbitrary<unknown>,
): fc.Arbitrary<GraphSource> =>
  fc.array(batchOf(record), { minLength: 2, maxLength: BATCHES }).map((batches) => ({ pair, value, batches }));

const text = fc.constantFrom("x", "y", "zz");
const source: fc.Arbitrary<GraphSource> = fc.oneof(
  sourceOf(true, "number", fc.tuple(key, fc.integer({ min: -3, max: 9 }))),
  sourceOf(true, "text", fc.tuple(key, text)),
  sourceOf(false, "any", key),
  sourceOf(false, "text", text),
);

/** What a node is chosen by: each number picks among what fits where it stands. */
interface Choice {
  readonly op: number;
  readonly first: number;
  readonly second: number;
  readonly n: number;
  readonly length: number;
  readonly slide: number;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  op: fc.nat({ max: 1000 }),
  first: fc.nat({ max: 20 }),
  second: fc.nat({ max: 20 }),
  n: fc.oneof(fc.constant(2), fc.integer({ min: 1, max: PARTITIONS_MAX })),
  length: fc.integer({ min: 1, max: 4 }),
  slide: fc.integer({ min: 1, max: 3 }),
});

/** Graphs whose operations fit, with batches of every kind of key. */
export const anyRun: fc.Arbitrary<GraphRun> = fc
  .record({
    sources: fc.array(source, { minLength: 1, maxLength: 2 }),
    choices: fc.array(choice, { minLength: 1, maxLength: 7 }),
    parallelism: fc.integer({ min: 1, max: PARTITIONS_MAX }),
    spills: fc.nat({ max: 3 }).map((n) => n === 3),
  })
  .map(({ sources, choices, parallelism, spills }) => ({
    graph: choices.reduce(withNode, { sources, nodes: [] } as Graph), // no node yet
    batches: BATCHES,
    parallelism,
    spills,
  }));

/** What there is most of, and least can go wrong with. */
const COMMON = /^(map|flatMap|filter|persist|repartition|count$|glom|keys|values)/;

function withNode(graph: Graph, chosen: Choice): Graph {
  const types = typesOf(graph);
  const { n, length, slide } = chosen;
  const of = [chosen.first % types.length, chosen.second % types.length];
  const fitting = Object.entries(operations).flatMap(([op, { streams, type }]): GraphNode[] => {
    const node = { op, of: of.slice(0, streams), n, length, slide };
    const [a, b] = [types[of[0] ?? 0], types[of[1] ?? 0]];
    if (a === undefined || b === undefined || type([a, b], node) === undefined) return [];
    return COMMON.test(op) ? [node] : [node, node, node, node];
  });
  const node = fitting[chosen.op % fitting.length];
  return node === undefined ? graph : { ...graph, nodes: [...graph.nodes, node] };
}
