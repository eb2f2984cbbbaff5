import { epochMs } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import { describe, expect, test } from "vitest";
import type { TaskInput } from "./action-plan.ts";
import { blockId } from "./action-plan.ts";
import {
  deferredNode,
  dependency,
  IN_MEMORY_OR_ON_DISK,
  type Lineage,
  narrow,
  type Partitioning,
  persisted,
  shuffled,
  source,
  union,
} from "./lineage.ts";
import { Planner } from "./planner.ts";
import { renderPlan } from "./render-plan.ts";

const fn: FunctionRef = { id: "job.ts#0", captures: undefined, names: [], site: undefined };
const hash = (partitions: number): Partitioning => ({ kind: "hash", partitions });

/** A source of one block per partition, named `a0`, `a1` … */
function blocks(name: string, partitions: number): Lineage {
  const inputs = Array.from({ length: partitions }, (_, i): TaskInput => {
    return { kind: "blocks", blocks: [{ id: blockId(`${name}${i}`), bytes: 1, at: ["driver"] }] };
  });
  return source("blocks", inputs, name);
}

const indexed = (parent: Lineage): Lineage =>
  narrow(parent, { kind: "mapPartitionsWithIndex", fn, label: "index" }, false);

function reduced(parent: Lineage, partitions: number): Lineage {
  const use = { kind: "combine", mapSide: true, create: undefined, mergeValue: fn, mergeCombiners: fn } as const;
  return shuffled(dependency(parent, false), hash(partitions), use, "reduce");
}

/** The inputs of each task of the last stage, and its templates. */
function planOf(target: Lineage): { readonly text: string; readonly inputs: readonly string[] } {
  const planner = new Planner({
    encodeCaptures: () => ({ bytes: new Uint8Array(), broadcasts: [] }),
    defaultPartitions: 0,
  });
  const { plan } = planner.plan({ target, sink: { kind: "collect" }, batch: epochMs(1), written: new Set() });
  const last = plan.stages.at(-1);
  const inputs = (last?.tasks ?? []).map(({ inputs: all }) =>
    all
      .map((input) => {
        if (input.kind === "blocks") return input.blocks.map(({ id }) => id).join("+");
        if (input.kind === "partition") return `at ${input.partition}`;
        return input.kind === "mapOutput" ? `${input.shuffle}:${input.map}` : input.kind;
      })
      .join(" "),
  );
  return { text: renderPlan(plan), inputs };
}

describe("coalesced partitions", () => {
  test("are groups of neighbours, as even as can be, in order", () => {
    const { inputs } = planOf({ kind: "coalesced", parent: blocks("a", 5), partitions: 2 });
    expect(inputs).toEqual(["a0 a1", "a2 a3 a4"]);
  });

  test("are never more than the parent has", () => {
    expect(planOf({ kind: "coalesced", parent: blocks("a", 2), partitions: 9 }).inputs).toEqual(["a0", "a1"]);
  });

  test("pass operators below with the numbers those know, also across the members of a union", () => {
    const parent = union([indexed(blocks("a", 2)), indexed(blocks("b", 2))]);
    const { inputs } = planOf({ kind: "coalesced", parent, partitions: 2 });
    expect(inputs).toEqual(["a0 at 0 a1 at 1", "b0 at 0 b1 at 1"]);
    expect(planOf({ kind: "coalesced", parent, partitions: 1 }).inputs).toEqual(["a0 at 0 a1 at 1 b0 at 0 b1 at 1"]);
  });
});

describe("pruned partitions", () => {
  test("are read alone, in their order, and count from 0 for what follows", () => {
    const parent = union([indexed(blocks("a", 2)), blocks("b", 2)]);
    const few: Lineage = { kind: "pruned", parent, partitions: [1, 3] };
    expect(planOf(few).inputs).toEqual(["a1 at 1", "b1"]);
    expect(planOf(indexed(few)).inputs).toEqual(["a1 at 1", "b1"]);
  });

  test("may be none", () => {
    expect(planOf({ kind: "pruned", parent: blocks("a", 2), partitions: [] }).inputs).toEqual([]);
  });
});

test("a product has a partition for each pair of partitions, the right one changing fastest", () => {
  const { inputs } = planOf({ kind: "cartesian", left: blocks("a", 2), right: indexed(blocks("b", 2)) });
  expect(inputs).toEqual(["a0 b0 at 0", "a0 b1 at 1", "a1 b0 at 0", "a1 b1 at 1"]);
});

describe("RDDs side by side", () => {
  const zipped = (...parents: Lineage[]): Lineage => {
    return { kind: "zipped", parents, fn: undefined, keepsPartitioning: false, label: "zip" };
  };

  test("are read partition by partition", () => {
    expect(planOf(zipped(blocks("a", 2), union([blocks("b", 1), blocks("c", 1)]))).inputs).toEqual(["a0 b0", "a1 c0"]);
  });

  test("that do not have as many partitions are refused", () => {
    expect(() => planOf(zipped(blocks("a", 2), blocks("b", 3)))).toThrow(/\[PARTITIONS_DIFFER\].*2 and 3/);
  });
});

describe("a union whose members are placed alike", () => {
  test("has their partitions, not their sum, and is reduced without a shuffle", () => {
    const window = union([reduced(blocks("a", 2), 3), reduced(blocks("b", 2), 3)]);
    const { text } = planOf(reduced(window, 3));
    expect(text.match(/tasks -> shuffle/g)).toHaveLength(2);
    expect(text).toContain("3 tasks");
    expect(text).toMatch(/shuffle concat\(shuffle #0 merge.*, shuffle #1 merge.*\) combine/);
  });

  test("stays apart when they are not", () => {
    const { inputs } = planOf(union([reduced(blocks("a", 1), 3), reduced(blocks("b", 1), 2)]));
    expect(inputs).toHaveLength(5);
  });
});

describe("a persisted RDD", () => {
  test("is written by a stage of its own, block by block, and keeps its placement", () => {
    const kept = persisted(dependency(reduced(blocks("a", 1), 2), false), IN_MEMORY_OR_ON_DISK, "persist");
    const { text, inputs } = planOf(reduced(kept, 2));
    expect(inputs).toEqual(["0:0", "0:1"]);
    expect(text).toContain("2 tasks -> shuffle 0 into 1");
    expect(text).toContain("shuffle blocks #0 combine");
  });
});

test("a deferred RDD is planned as its resolved lineage", () => {
  const node = deferredNode([], "sortBy", () => Promise.resolve(blocks("a", 2)));
  expect(() => planOf(node)).toThrow(/INVARIANT_BROKEN/);
  node.lineage = blocks("a", 2);
  expect(planOf(narrow(node, { kind: "keys", label: "keys" }, false)).inputs).toEqual(["a0", "a1"]);
});
