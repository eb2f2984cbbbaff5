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
  sourceOf(false, "number", fc.integer({ min: -3, max: 9 })),
  sourceOf(false, "text", text),
);

/** Selects a node: each number picks among the candidates at its place. */
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

const names = Object.keys(operations);

/** With the operation that was chosen, or the next one that fits somewhere: else those that take few streams were rare. */
function withNode(graph: Graph, chosen: Choice): Graph {
  for (const op of turned(names, chosen.op)) {
    const node = fitted(graph, op, chosen);
    if (node !== undefined) return { ...graph, nodes: [...graph.nodes, node] };
  }
  return graph;
}

/** On the first streams that the operation takes, counted from those that were chosen. */
function fitted(graph: Graph, op: string, { first, second, n, length, slide }: Choice): GraphNode | undefined {
  const operation = operations[op];
  const types = [...typesOf(graph).entries()];
  if (operation === undefined) return undefined;
  for (const [i, a] of turned(types, first)) {
    for (const [j, b] of operation.streams === 1 ? [[i, a] as const] : turned(types, second)) {
      const node = { op, of: [i, j].slice(0, operation.streams), n, length, slide };
      if (operation.type([a, b], node) !== undefined) return node;
    }
  }
  return undefined;
}

function turned<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
