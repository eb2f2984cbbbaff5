import type { FunctionRef } from "@millrace/operators";
import { expect, test } from "vitest";
import type { TaskInput } from "./action-plan.ts";
import { Layout } from "./layout.ts";
import { deferredNode, dependency, type Lineage, lazySource, narrow, shuffled, source, union } from "./lineage.ts";
import { renderLineage } from "./render-lineage.ts";

const fn: FunctionRef = { id: "job.ts#0", captures: undefined, names: [], site: undefined };
const nothing: TaskInput = { kind: "blocks", blocks: [] };

const map = (parent: Lineage, label: string): Lineage => narrow(parent, { kind: "map", fn, label }, false);
const grouped = (parent: Lineage, label: string): Lineage =>
  shuffled(dependency(parent, false), { kind: "hash", partitions: 4 }, { kind: "group" }, label);

test("lineage is shown from its end, indented below each shuffle, with the author's names", () => {
  const numbers = source("blocks", [nothing, nothing], "parallelize");
  const words = map(source("blocks", [nothing], "textFile"), "map at job.ts:2:1");
  const byKey = grouped(union([map(numbers, "map at job.ts:1:1"), words]), "groupByKey");
  const joined: Lineage = {
    kind: "merge",
    how: "inner",
    parents: [dependency(byKey, false), dependency(numbers, false)],
    partitioning: { kind: "hash", partitions: 4 },
    label: "join",
  };
  const names = new Map([[words, "the words"]]);
  const text = renderLineage(map(joined, "mapValues"), { layout: new Layout(0), nameOf: (node) => names.get(node) });
  expect(`\n${text}`).toBe(`
(4) mapValues
 |  join
 |  groupByKey
 +-(3) union
    |  map at job.ts:1:1
    |  parallelize
    |  the words (map at job.ts:2:1)
    |  textFile
 +-(2) parallelize`);
});

test("an unresolved RDD has no number of partitions yet", () => {
  const file = lazySource("text", async () => [], { lasting: true, label: "textFile data" });
  const sorted = deferredNode([map(file, "keyBy")], "sortByKey", async () => file);
  const layout = new Layout(0);
  const text = renderLineage(grouped(sorted, "groupByKey"), { layout, nameOf: () => undefined });
  expect(`\n${text}`).toBe(`
(?) groupByKey
 +-(?) sortByKey
    |  keyBy
    |  textFile data`);
});
