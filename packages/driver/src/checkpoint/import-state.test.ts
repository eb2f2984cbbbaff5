import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs, ManualClock, millis, type Warning } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownCheckpoint } from "../lease/checkpoint-lease.ts";
import { findCheckpoint } from "./found-checkpoint.ts";
import { type ImportedPair, type ImportRequest, importState } from "./import-state.ts";
import { StateCheckpoint } from "./state-checkpoint.fixture.ts";
import { StateData } from "./state-data.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-import-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const NOW = 5_000;
/** Other processes are dead, unless a test says something else. */
const processes = (fate: "alive" | "dead" = "dead") => ({
  self: { host: "h", machine: "", pid: 1, start: "" },
  fateOf: () => fate,
});

type Pair = readonly [operator: string, key: unknown, state: unknown, updated?: number];

async function* batchesOf(pairs: readonly Pair[]): AsyncGenerator<readonly ImportedPair[], void, undefined> {
  for (const [at, [operator, key, state, updated]] of pairs.entries())
    yield [{ operator, key, state, updated, line: at + 1 }];
}

const imported = (pairs: readonly Pair[], more: Partial<ImportRequest> = {}) =>
  importState({
    directory: join(root, "new"),
    pairs: batchesOf(pairs),
    refuse: (line, why) => new Error(`line ${line}: ${why}`),
    onKeys: () => undefined,
    sink: { warn: () => undefined, warningOver: () => undefined },
    clock: new ManualClock(epochMs(NOW)),
    processes: processes(),
    ...more,
  });

async function scan(directory = join(root, "new")): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const rows of (await StateData.open(directory)).scan({}))
    for (const { operator, key, state, updated } of rows)
      found.push([operator, JSON.stringify(key), JSON.stringify(state), ...(updated ? [updated] : [])].join(" "));
  return found.sort();
}

const found = (directory = join(root, "new")) => findCheckpoint(new LocalFileSystem(), locationFrom(directory));

describe("imported state", () => {
  test("is a checkpoint of no job yet, with all types of values", async () => {
    const done = await imported(
      [
        ["totals", "a", 1],
        ["totals", ["x", { $bigint: "7" }], { $map: [["seen", 1]] }],
        ["visits", 1, "one", 70],
        ["visits", 2, null],
      ],
      { partitions: 3, version: 2 },
    );
    expect(done).toMatchObject({
      batch: NOW,
      operators: [
        { name: "totals", keys: 2, partitions: 3 },
        { name: "visits", keys: 2, partitions: 3 },
      ],
    });
    expect(await scan()).toEqual([
      'totals "a" 1',
      'totals ["x",{"$bigint":"7"}] {"$map":[["seen",1]]}',
      'visits 1 "one" 70',
      `visits 2 null ${NOW}`,
    ]);
    const { identity, parts, logged } = await found();
    expect([identity, logged.zeroTime, logged.committed.last]).toEqual([undefined, undefined, NOW]);
    expect(parts.states).toMatchObject([{ name: "totals", kind: "imported", version: 2 }, { name: "visits" }]);
    expect(readdirSync(join(root, "new")).sort()).toEqual(["batches", "owner", "state"]);
  });

  test("may be that of an operator without keys, if it is named", async () => {
    await imported([], { operator: "totals" });
    expect([(await StateData.open(join(root, "new"))).operators, await scan()]).toEqual([["totals"], []]);
  });

  test("replaces that of some operators in what another checkpoint has, which stays as it is", async () => {
    const job = new StateCheckpoint(join(root, "job"));
    await job.change("totals", 100, [["a", 1]]);
    await job.change("visits", 100, [["ann", 3]]);
    await job.commit(100);
    await job.change("totals", 200, [["a", 666]]); // not committed
    await imported([["totals", "b", 2]], { from: join(root, "job") });
    expect(await scan()).toEqual(['totals "b" 2', 'visits "ann" 3']);
    expect(await scan(join(root, "job"))).toEqual(['totals "a" 1', 'visits "ann" 3']);
    const { identity, parts, logged, epoch } = await found();
    expect(identity).toEqual({ name: "words", id: "5f3a", batchIntervalMs: 100 });
    expect(logged.committed.last).toBe(100);
    // Of the job's own kind, in as many partitions as before, and by a later owner.
    expect(parts.states.map(({ name, kind }) => [name, kind])).toEqual([
      ["visits", "updateStateByKey"],
      ["totals", "updateStateByKey"],
    ]);
    const heads = logged.committed.states.get("totals")?.heads;
    expect(heads).toHaveLength(2);
    expect(heads).toContainEqual({ batch: 100, attempt: 0, epoch });
    expect(epoch).toBeGreaterThan(1);
  });

  test("repairs a state of which files are missing", async () => {
    const job = new StateCheckpoint(join(root, "job"));
    await job.change("totals", 100, [["a", 1]]);
    await job.change("visits", 100, [["ann", 3]]);
    await job.commit(100);
    rmSync(join(root, "job/state/totals"), { recursive: true });
    await imported([["totals", "a", 1]], { from: join(root, "job") });
    expect(await scan()).toEqual(['totals "a" 1', 'visits "ann" 3']);
  });

  test("says what of earlier batches is lost with a state that cannot be read", async () => {
    const job = new StateCheckpoint(join(root, "job"));
    await job.change("totals", 100, [["a", 1]]);
    await job.commit(100);
    await job.change("totals", 200, [["a", 2]]);
    await job.commit(200, { remembers: true });
    const warnings: Warning[] = [];
    const sink = { warn: (warning: Warning) => void warnings.push(warning), warningOver: () => undefined };
    await imported([["totals", "a", 3]], { from: join(root, "job"), sink });
    expect(warnings).toEqual([]);
    rmSync(join(root, "new"), { recursive: true });
    rmSync(join(root, "job/state/totals"), { recursive: true });
    await imported([["totals", "a", 3]], { from: join(root, "job"), sink });
    expect(warnings).toMatchObject([
      { code: "STATE_HISTORY_LOST", message: /what "totals" had as of earlier batches/ },
    ]);
    expect(await scan()).toEqual(['totals "a" 3']);
  });

  test.each([
    ["wrote state", ["state/old/1-0", "import/state"]],
    ["wrote its log", ["state/old/1-0", "import/state", "batches"]],
  ])("begins anew where an import was cut off while it %s", async (_, left) => {
    for (const name of left) mkdirSync(join(root, "new", name), { recursive: true });
    await imported([["totals", "a", 1]]);
    const found = ["state", "batches"].map((folder) => readdirSync(join(root, "new", folder)));
    expect([await scan(), ...found]).toEqual([['totals "a" 1'], ["totals"], [expect.stringMatching(/^\d+-0\.log$/)]]);
  });
});

describe("nothing is imported", () => {
  const nothing = (): readonly string[] => readdirSync(join(root, "new")).filter((name) => name !== "owner");

  test.each<[string, readonly Pair[], string | RegExp]>([
    [
      "key twice",
      [
        ["t", 0, 1],
        ["t", "0", 1],
        ["t", 0, 2],
      ],
      'line 3: the key 0 of "t" is in line 1 already',
    ],
    [
      "key twice, by value",
      [
        ["t", { a: 1, b: [2] }, 1],
        ["t", { b: [2], a: 1 }, 1],
      ],
      "line 2: the key",
    ],
    [
      "key without equality",
      [
        ["t", 1, 1],
        ["t", { $map: [] }, 1],
      ],
      /line 2: .*KEY_NOT_COMPARABLE/,
    ],
    ["value of no notation", [["t", 1, [{ $bigint: 7 }]]], "line 1: [0].$bigint: want digits in quotes, not 7"],
    ["state that is none", [["t", 1, { $undefined: true }]], "line 1: its state is undefined"],
  ])("of a %s", async (_, pairs, why) => {
    await expect(imported(pairs)).rejects.toThrow(why);
    expect(nothing()).toEqual([]);
    await imported([["t", 1, 1]]); // the directory is as good as new
  });

  test("without pairs and without an operator, or when it is stopped", async () => {
    await expect(imported([])).rejects.toThrow("STATE_NOT_IMPORTABLE");
    for (const phase of ["read", "written"]) {
      const onKeys = (_: number, at: string): void => {
        if (at === phase) throw new Error("enough");
      };
      await expect(imported([["t", 1, 1]], { onKeys })).rejects.toThrow("enough");
      expect(nothing()).toEqual([]);
    }
  });

  test("into a directory with a checkpoint, or with something else", async () => {
    await imported([["t", 1, 1]]);
    await expect(imported([["t", 1, 2]])).rejects.toThrow(/CHECKPOINT_NOT_EMPTY.* has a checkpoint already.*--from/);
    expect(await scan()).toEqual(["t 1 1"]);
    rmSync(join(root, "new/owner"), { recursive: true }); // as a savepoint has none
    await expect(imported([["t", 1, 2]])).rejects.toThrow("CHECKPOINT_NOT_EMPTY");
    expect(readdirSync(join(root, "new")).sort()).toEqual(["batches", "state"]);
    mkdirSync(join(root, "home"));
    writeFileSync(join(root, "home/letter"), "");
    await expect(imported([["t", 1, 2]], { directory: join(root, "home") })).rejects.toThrow(
      /CHECKPOINT_NOT_EMPTY.* has "letter"/,
    );
    expect(readdirSync(join(root, "home"))).toEqual(["letter"]);
  });

  test("into a directory that a job owns, even if it has logged nothing yet", async () => {
    const clock = new ManualClock(epochMs(NOW));
    const held = await ownCheckpoint(new LocalFileSystem(), locationFrom(join(root, "new")), {
      job: "words",
      lease: millis(60_000),
      owner: {
        clock,
        processes: processes(),
        sink: { warn: () => undefined, warningOver: () => undefined },
        onLost: () => undefined,
      },
    });
    await expect(imported([["t", 1, 1]], { processes: processes("alive") })).rejects.toThrow(
      /CHECKPOINT_IN_USE.* belongs to the job "words" .*Nothing is imported\. Stop/,
    );
    await held.release();
    await imported([["t", 1, 1]], { processes: processes("alive") });
  });

  test("out of what is no checkpoint", async () => {
    await expect(imported([["t", 1, 1]], { from: join(root, "job") })).rejects.toThrow("CHECKPOINT_NOT_FOUND");
    expect(readdirSync(root)).toEqual([]);
  });
});
