import { epochMs } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { type FunctionRef, operators } from "@millrace/operators";
import { describe, expect, test } from "vitest";
import type { TaskInput } from "./action-plan.ts";
import { Layout } from "./layout.ts";
import {
  dependency,
  type Lineage,
  type MergeNode,
  narrow,
  type Partitioning,
  shuffled,
  source,
  union,
} from "./lineage.ts";

const fn: FunctionRef = { id: "job.ts#0", captures: undefined, names: [], site: undefined };

function blocks(partitions: number): Lineage {
  const input: TaskInput = { kind: "blocks", blocks: [] };
  return source(
    "blocks",
    Array.from({ length: partitions }, () => input),
    "blocks",
  );
}

function grouped(parent: Lineage, partitioning: Partitioning): Lineage {
  return shuffled(dependency(parent, false), partitioning, { kind: "group" }, "groupByKey");
}

function joined(left: Lineage, right: Lineage, partitioning: Partitioning): Lineage {
  const parents = [left, right].map((parent) => dependency(parent, false));
  return { kind: "merge", how: "inner", parents, partitioning, label: "join" };
}

const upstream: Partitioning = { kind: "hash", partitions: "upstream" };
const hash = (partitions: number): Partitioning => ({ kind: "hash", partitions });

describe("a shuffle that says nothing of its partitions", () => {
  test("has as many as its largest parent", () => {
    expect(new Layout(0).partitions(joined(blocks(3), blocks(5), upstream))).toBe(5);
    expect(new Layout(0).partitions(grouped(blocks(0), upstream))).toBe(1);
  });

  test("has as many as the setting says", () => {
    expect(new Layout(4).partitions(grouped(blocks(9), upstream))).toBe(4);
  });

  test("keeps the largest placement of its parents, unless that is an order of magnitude too small", () => {
    const placed = grouped(blocks(2), hash(3));
    expect(new Layout(2).partitions(joined(placed, blocks(20), upstream))).toBe(3);
    expect(new Layout(0).partitions(joined(placed, blocks(30), upstream))).toBe(30);
  });

  test("keeps a placement that is as large as the default, however large its parents", () => {
    const custom: Partitioning = { kind: "custom", partitions: 2, fn };
    const merged = joined(grouped(blocks(2), custom), blocks(30), upstream);
    expect(new Layout(2).partitioningOf(merged)).toEqual(custom);
    expect(new Layout(3).partitioningOf(merged)).toEqual(hash(3));
  });

  test("never has more than there are key groups", () => {
    expect(new Layout(0).partitions(grouped(blocks(5000), upstream))).toBe(4096);
  });
});

test("keys stay partitioned through operators that do not change them, and only through those", () => {
  const layout = new Layout(0);
  const placed = grouped(blocks(2), hash(3));
  const through = (kind: "filter" | "map", keeps: boolean) => narrow(placed, { kind, fn, label: kind }, keeps);
  expect(layout.partitioningOf(through("filter", true))).toEqual(hash(3));
  expect(layout.partitioningOf(through("map", false))).toBeUndefined();
  expect(layout.partitioningOf(union([placed, placed]))).toEqual(hash(3));
  expect(layout.partitioningOf(union([placed, blocks(1)]))).toBeUndefined();
});

describe("pairs placed by a function of the job", () => {
  const custom = (given: { readonly of: number }, partitions = 2): Partitioning => {
    const by: FunctionRef = { ...fn, captures: () => [given] };
    const partitioner = { given, place: () => 0, equals: (other: unknown) => (other as typeof given).of === given.of };
    return { kind: "custom", partitions, fn: by, partitioner };
  };
  const inPlace = (first: Partitioning, second: Partitioning): boolean | undefined => {
    const layout = new Layout(0);
    const merged = joined(grouped(blocks(2), first), blocks(1), second);
    return merged.kind === "merge" ? layout.inPlace(merged)[0] : undefined;
  };

  test("stay where they are for a partitioner that is the same or says that it is equal", () => {
    const mine = custom({ of: 1 });
    expect(inPlace(mine, mine)).toBe(true);
    expect(inPlace(custom({ of: 1 }), custom({ of: 1 }))).toBe(true);
    expect(inPlace(custom({ of: 1 }), custom({ of: 2 }))).toBe(false);
    expect(inPlace(custom({ of: 1 }), custom({ of: 1 }, 3))).toBe(false);
    expect(inPlace(custom({ of: 1 }), hash(2))).toBe(false);
  });

  test("are known by their function alone where nothing else is known", () => {
    const plain: Partitioning = { kind: "custom", partitions: 2, fn };
    expect(inPlace(plain, { ...plain })).toBe(true);
    expect(inPlace(plain, { ...plain, fn: { ...fn } })).toBe(false);
    expect(inPlace(plain, custom({ of: 1 }))).toBe(false);
  });
});

test("keys are partitioned like their state, except in the result of mapWithState", () => {
  const layout = new Layout(0);
  const state = (kind: "updateByKey" | "mapWithState"): Lineage => ({
    kind: "state",
    operator: kind,
    directory: locationFrom("/checkpoint"),
    change: { kind, feed: dependency(blocks(2), false), initial: undefined, fn, onlyUpdated: false, timeoutMs: 0 },
    partitioning: hash(3),
    versions: { before: undefined, oldest: epochMs(0), batch: epochMs(1) },
    schema: { version: 1, migrate: undefined },
    label: kind,
  });
  expect(layout.partitioningOf(state("updateByKey"))).toEqual(hash(3));
  expect(layout.partitioningOf(state("mapWithState"))).toBeUndefined();
  expect(layout.partitions(state("mapWithState"))).toBe(3);
});

describe("emptiness for sure", () => {
  const layout = new Layout(0);
  const none = blocks(0);
  const some = blocks(1);

  test("goes through operators on records, shuffles and unions", () => {
    const mapped = narrow(none, { kind: "map", fn, label: "map" }, false);
    expect(layout.isEmpty(grouped(union([mapped, none]), hash(2)))).toBe(true);
    expect(layout.isEmpty(grouped(union([mapped, some]), hash(2)))).toBe(false);
  });

  test("stops at operators that are called for empty partitions", () => {
    const shuffledNothing = grouped(none, hash(2));
    const count = { kind: "mapPartitions", fn: operators.countPartition.ref(), label: "count" } as const;
    expect(layout.isEmpty(narrow(shuffledNothing, count, false))).toBe(false);
    expect(layout.isEmpty(narrow(shuffledNothing, { kind: "glom", label: "glom" }, false))).toBe(false);
  });

  test("of a join depends on its sides", () => {
    const how = (kind: MergeNode["how"], left: Lineage, right: Lineage) =>
      layout.isEmpty({ ...joined(left, right, hash(2)), how: kind } as Lineage); // a merge node with another `how`
    const kinds = ["inner", "left", "without", "right", "full", "cogroup"] as const;
    expect(kinds.map((kind) => how(kind, none, some))).toEqual([true, true, true, false, false, false]);
    expect(how("left", some, none)).toBe(false);
    expect(how("full", none, none)).toBe(true);
  });
});
