import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StateCheckpoint } from "./state-checkpoint.fixture.ts";
import { StateData } from "./state-data.ts";

let directory: string;
let checkpoint: StateCheckpoint;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "millrace-state-data-"));
  checkpoint = new StateCheckpoint(directory);
  await checkpoint.change("totals", 100, [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
  await checkpoint.change("totals", 200, [
    ["a", 10],
    ["b", undefined],
    ["d", 4],
  ]);
  await checkpoint.change("visits", 200, [[["x", 7n], new Map([["seen", 1]])]]);
  await checkpoint.change("totals", 300, [["c", 30]]);
  await checkpoint.commit(300);
  await checkpoint.change("totals", 400, [["a", 666]]); // not committed
});
afterEach(() => rmSync(directory, { recursive: true }));

async function scan(selection: Parameters<StateData["scan"]>[0] = {}): Promise<readonly string[]> {
  const data = await StateData.open(directory);
  const found: string[] = [];
  for await (const rows of data.scan(selection))
    for (const { operator, key, state } of rows)
      found.push(`${operator} ${JSON.stringify(key)} ${JSON.stringify(state)}`);
  return found.sort();
}

async function diff(from: number, to?: number): Promise<readonly string[]> {
  const data = await StateData.open(directory);
  const found: string[] = [];
  for await (const changes of data.diff({ operator: "totals", from, to }))
    for (const { key, before, after } of changes) found.push(`${String(key)}: ${String(before)} -> ${String(after)}`);
  return found.sort();
}

describe("the state in a checkpoint", () => {
  test("is that of the last committed batch, of all operators, with the types of its values", async () => {
    expect(await scan()).toEqual([
      'totals "a" 10',
      'totals "c" 30',
      'totals "d" 4',
      'visits ["x",{"$bigint":"7"}] {"$map":[["seen",1]]}',
    ]);
  });

  test("of one operator, and of earlier batches, as long as they are kept", async () => {
    expect(await scan({ operator: "totals", batch: 200 })).toEqual(['totals "a" 10', 'totals "c" 3', 'totals "d" 4']);
    expect(await scan({ operator: "totals", batch: 150 })).toEqual(['totals "a" 1', 'totals "b" 2', 'totals "c" 3']);
    expect(await scan({ operator: "totals", batch: 50 })).toEqual([]);
  });

  test("of single keys, by value", async () => {
    const data = await StateData.open(directory);
    expect(await data.get("totals", ["a", "b"])).toEqual([
      { operator: "totals", key: "a", state: 10, updated: undefined },
      undefined,
    ]);
    const [row] = await data.get("visits", [["x", { $bigint: "7" }]]);
    expect(row?.state).toEqual({ $map: [["seen", 1]] });
    expect((await data.get("totals", ["a"], { batch: 100 }))[0]?.state).toBe(1);
  });

  test("differs between two batches in the keys that those touched", async () => {
    expect(await diff(100)).toEqual(["a: 1 -> 10", "b: 2 -> undefined", "c: 3 -> 30", "d: undefined -> 4"]);
    expect(await diff(100, 200)).toEqual(["a: 1 -> 10", "b: 2 -> undefined", "d: undefined -> 4"]);
    expect(await diff(300)).toEqual([]);
    expect(await diff(0, 100)).toEqual(["a: undefined -> 1", "b: undefined -> 2", "c: undefined -> 3"]);
  });
});

describe("a state that was given another number of partitions", () => {
  const keys = Array.from({ length: 40 }, (_, n): [string, number] => [`k${n}`, n]);
  beforeEach(async () => {
    await checkpoint.change("more", 500, keys);
    await checkpoint.commit(500);
    await checkpoint.change("more", 600, [["k1", undefined]]);
    await checkpoint.commit(600);
    const now = keys.filter(([key]) => key !== "k1").map(([key, n]): [string, number] => [key, key === "k2" ? 22 : n]);
    await checkpoint.repartition("more", 700, 5, [...now, ["new", 1]]);
    await checkpoint.commit(700);
    await checkpoint.change("more", 800, [["k3", 33]]);
    await checkpoint.commit(800);
  });
  const differs = async (from: number, to?: number): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const changes of (await StateData.open(directory)).diff({ operator: "more", from, to }))
      for (const { key, before, after } of changes) found.push(`${String(key)}: ${String(before)} -> ${String(after)}`);
    return found.sort();
  };

  test("is compared across that, in either direction of size", async () => {
    expect(await differs(600)).toEqual(["k2: 2 -> 22", "k3: 3 -> 33", "new: undefined -> 1"]);
    expect(await differs(500, 650)).toEqual(["k1: 1 -> undefined"]);
    expect(await differs(500, 700)).toEqual(["k1: 1 -> undefined", "k2: 2 -> 22", "new: undefined -> 1"]);
    expect(await differs(700)).toEqual(["k3: 3 -> 33"]);
    await checkpoint.repartition("more", 900, 1, [["k0", 0]]);
    await checkpoint.commit(900);
    expect(await differs(800)).toHaveLength(39);
    expect(await differs(550, 900)).toHaveLength(39);
  });

  test("is compared key by key when the job's own partitioner places keys elsewhere at an earlier number", async () => {
    checkpoint.kind = "updateStateByKey, placed by its own partitioner";
    const now = [...keys.slice(4), ["k2", 22], ["k3", 33], ["new", 1], ["k0", 0]] as const;
    await checkpoint.repartition("more", 900, 2, now, () => 1);
    await checkpoint.commit(900);
    expect(await differs(600)).toEqual(["k2: 2 -> 22", "k3: 3 -> 33", "new: undefined -> 1"]);
    expect(await differs(800)).toEqual([]);
  });

  test("is read as of batches before it, as long as its former files are there", async () => {
    expect(await scan({ operator: "more", batch: 699 })).toHaveLength(39);
    expect(await scan({ operator: "more", batch: 500 })).toHaveLength(40);
    const data = await StateData.open(directory);
    expect((await data.get("more", ["k1"], { batch: 500 }))[0]?.state).toBe(1);
    for (const folder of ["2-0", "2-1"]) rmSync(join(directory, "state/more", folder), { recursive: true });
    await expect(scan({ operator: "more", batch: 600 })).rejects.toThrow(
      /STATE_BATCH_UNKNOWN.* as of batch 600 .* It is kept from batch 700 .* on\. A savepoint/,
    );
  });
});

describe("what is not there is refused", () => {
  test("a directory without a checkpoint", async () => {
    await expect(StateData.open(join(directory, "state"))).rejects.toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
  });

  test("an operator, with the one that is meant", async () => {
    await expect(scan({ operator: "total" })).rejects.toThrow(
      /STATE_UNKNOWN.*"words".* no state "total" \(did you mean totals\?\)\. It has totals, visits\./,
    );
  });

  test("a batch that is not committed, and one that is not kept any more, with those that are", async () => {
    await expect(scan({ batch: 400 })).rejects.toThrow(/STATE_BATCH_UNKNOWN.*400 is not committed.* is 300 /);
    const folder = join(directory, "state/totals");
    for (const partition of readdirSync(folder)) rmSync(join(folder, partition, "100-0-1.delta"), { force: true });
    await expect(scan({ operator: "totals", batch: 100 })).rejects.toThrow(
      /STATE_BATCH_UNKNOWN.* as of batch 100 .*is not kept any more.*A savepoint/,
    );
  });

  test("a file that the job has removed since, as such", async () => {
    const data = await StateData.open(directory);
    const folder = join(directory, "state/totals");
    for (const partition of readdirSync(folder)) rmSync(join(folder, partition, "200-0-1.delta"), { force: true });
    const read = async (): Promise<void> => {
      for await (const _ of data.scan({ operator: "totals" }));
    };
    await expect(read()).rejects.toMatchObject({ code: "STATE_DELTA_MISSING" });
    await checkpoint.commit(400);
    await expect(read()).rejects.toThrow(/STATE_SWEPT.* has gone on from batch 300 .* to 400 .*make a savepoint/);
  });
});
