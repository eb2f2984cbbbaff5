import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, epochMs } from "@millrace/base";
import { type FileSystem, locationFrom } from "@millrace/files";
import { type BatchLogEntry, blockId, type LoggedBatches } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import { BatchLog } from "./batch-log.ts";
import { encodeEntry, encodeSegmentHeader } from "./segment-file.ts";

type Entry<Kind extends BatchLogEntry["kind"]> = Extract<BatchLogEntry, { readonly kind: Kind }>;

const files = new LocalFileSystem();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-batch-log-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A file system that can only replace whole files. */
class Objects extends LocalFileSystem {
  override readonly blocking = undefined;
}

const at = epochMs;
const open = (on: FileSystem = files) => BatchLog.open({ files: on, directory: locationFrom(directory) });
const segments = (): readonly string[] => readdirSync(join(directory, "batches")).sort();
const pathOf = (segment: string): string => join(directory, "batches", segment);

const output = { id: 0, name: "totals", label: 'saveAsTextFiles of "\ud800" at job.ts:1:2' };
const input = {
  time: at(2_000),
  inputs: new Map([
    [
      "input-0",
      { kind: "files", files: [{ path: locationFrom("/in/\u00fc \n\ud800"), version: "1@2", bytes: 7 }] } as const,
    ],
    ["__proto__", { kind: "external", ranges: [Uint8Array.of(0, 255, 128), new Uint8Array()] } as const],
    [
      "socket",
      {
        kind: "received",
        blocks: [
          { id: blockId("recv/0/1"), bytes: 3, records: 1, at: ["driver"] },
          { id: blockId("recv/0/2"), bytes: 3, records: 1, at: [], logged: { segment: "1-e-0", offset: 7 } },
        ],
        records: 2,
        through: { place: { epoch: 1, run: 2, block: 3 }, position: Uint8Array.of(0, 255) },
      } as const,
    ],
    ["rate", { kind: "rate", from: 0, until: 1e15, recordsPerSecond: 5, zeroTime: at(0) } as const],
    ["queue", { kind: "unlogged", records: 1 } as const],
    [
      "broken",
      {
        kind: "failed",
        error: {
          name: "Error",
          message: "boom",
          kind: { code: "X", blame: "user", retry: "never" },
          fields: { n: 1, b: true, s: "" },
        },
      } as const,
    ],
  ]),
};
/** A state of which one partition has not changed since an earlier epoch, and another is empty; it was in other numbers of partitions. */
const totals = new Map([
  [
    "totals",
    {
      former: {
        until: at(700),
        heads: {
          ...{ batch: at(600), partitions: 1, heads: [{ batch: at(600), attempt: 0, epoch: 1 }] },
          former: { until: at(300), heads: { batch: at(200), partitions: 2, heads: [undefined, undefined] } },
        },
      },
      batch: at(1_000),
      partitions: 3,
      heads: [{ batch: at(1_000), attempt: 12, epoch: 2 }, { batch: at(500), attempt: 0, epoch: 1 }, undefined],
    },
  ],
]);
const base: LoggedBatches = {
  zeroTime: at(0),
  committed: { last: at(1_000), states: totals },
  remembered: [{ time: at(1_000), inputs: input.inputs, states: new Map() }],
  pending: {
    time: at(2_000),
    inputs: input.inputs,
    states: totals,
    prepared: {
      states: totals,
      outputs: [
        {
          kind: "files",
          output,
          staging: locationFrom("/out/.t"),
          directory: locationFrom("/out/t"),
          files: [{ file: "part-00000", bytes: 5, token: "5@1" }],
        },
        { kind: "sink", output, written: [Uint8Array.of(7)] },
      ],
    },
    error: { name: "Error", message: "half of it" },
    done: [output],
  },
  memories: new Map([
    [
      "input-0",
      {
        kind: "files",
        afterMs: undefined,
        known: [{ path: locationFrom("/in/a"), since: 1_000, version: "1@2", returns: 1, waiting: true }],
      } as const,
    ],
    ["kafka", { kind: "external", ranges: [Uint8Array.of(1)] } as const],
  ]),
  memoriesAt: at(2_000),
  received: new Map([["socket", { place: { epoch: 1, run: 2, block: 3 } }]]),
};
const part = {
  name: "totals",
  given: true,
  kind: "updateStateByKey",
  label: "updateStateByKey",
  place: 2 ** 32 - 1,
  code: 0,
};
const whole: Entry<"base"> = {
  kind: "base",
  identity: { name: "job", id: "5f3a", batchIntervalMs: 1_000 },
  parts: {
    states: [{ ...part, version: 2, migrates: true }],
    sources: [part],
    outputs: [part],
    lookBack: { remembersMs: 5, longest: { label: "w", ms: 5 } },
  },
  dropped: ["visits"],
  base,
};
const later = [
  { kind: "planned", input },
  { kind: "prepared", time: at(2_000), prepared: { states: totals, outputs: [] } },
  { kind: "abandoned", time: at(2_000), done: [output] },
  { kind: "committed", time: at(2_000), states: totals },
] as const satisfies readonly BatchLogEntry[];

async function write(on: FileSystem = files): Promise<void> {
  const { log } = await open(on);
  await log.take(whole);
  for (const entry of later) await log.append(entry);
}

describe.each([
  ["a file system that can append", files, 1],
  ["a file system that can only replace whole files", new Objects(), 1 + later.length],
])("on %s", (_, on, count) => {
  test("all that was written is read, with its types", async () => {
    await write(on);
    expect((await open(on)).entries).toEqual([whole, ...later]);
    expect(segments()).toHaveLength(count);
  });

  test("a base replaces what was before it, and the segments go", async () => {
    await write(on);
    const { log } = await open(on);
    await log.take(whole);
    await log.append(later[0]);
    await log.replace(whole);
    expect((await open(on)).entries).toEqual([whole]);
    expect(segments()).toHaveLength(1);
    expect(segments()[0]).toMatch(/^2-/);
  });

  test("what an earlier owner still appends is read by nobody", async () => {
    const { log: earlier } = await open(on);
    await earlier.take(whole);
    const { log } = await open(on);
    await log.take(whole);
    await Promise.allSettled([earlier.append(later[0])]);
    await log.append(later[3]);
    expect((await open(on)).entries).toEqual([whole, later[3]]);
  });

  test("a new base is due when the log has grown", async () => {
    const { log } = await open(on);
    await log.take(whole);
    expect(log.grown).toBe(false);
    for (let i = 0; !log.grown; i++) {
      expect(i).toBeLessThan(5_000);
      await log.append(later[0]);
    }
  });
});

test("an entry that an attempt has written unnoticed is its own, and another's is not", async () => {
  let unnoticed = 0;
  class LosingAnswers extends Objects {
    override async writeNew(...args: Parameters<LocalFileSystem["writeNew"]>): Promise<boolean> {
      unnoticed += 1;
      await super.writeNew(...args);
      return super.writeNew(...args);
    }
  }
  const on = new LosingAnswers();
  const { log } = await open(on);
  await log.take(whole);
  await log.append(later[0]);
  expect(unnoticed).toBe(2);
  expect((await open()).entries).toEqual([whole, later[0]]);
  writeFileSync(pathOf("1-2.log"), "another's");
  await expect(log.append(later[0])).rejects.toMatchObject({ code: "CHECKPOINT_TAKEN" });
});

test("an empty directory has no log", async () => {
  expect((await open()).entries).toEqual([]);
});

describe("of a damaged log", () => {
  const read = async (): Promise<readonly BatchLogEntry[] | string> => {
    try {
      return (await open()).entries;
    } catch (error) {
      if (error instanceof EngineError) return error.code;
      throw error;
    }
  };

  test("cut off anywhere, the entries before the cut are read, or it is refused", async () => {
    await write();
    const bytes = readFileSync(pathOf("1-0.log"));
    const seen = new Set<number>();
    for (let length = bytes.length; length >= 0; length -= 7) {
      truncateSync(pathOf("1-0.log"), length);
      const found = await read();
      if (typeof found === "string") {
        expect(found).toBe("CHECKPOINT_DAMAGED");
        continue;
      }
      expect(found).toEqual([whole, ...later].slice(0, found.length));
      seen.add(found.length);
    }
    expect([...seen]).toEqual([5, 4, 3, 2, 1]); // never none: that would be a job from scratch
  });

  test("zeros at its end are what a crash of the machine left", async () => {
    await write();
    writeFileSync(pathOf("1-0.log"), Buffer.concat([readFileSync(pathOf("1-0.log")), Buffer.alloc(100)]));
    expect(await read()).toEqual([whole, ...later]);
  });

  test("an epoch without a base is named, whatever is left of an earlier one", async () => {
    await write();
    const id = { epoch: 2, number: 0 };
    const planned = encodeEntry({ kind: "planned", payload: Buffer.from('{"input":{"time":2000,"inputs":[]}}') }, 0);
    writeFileSync(pathOf("2-0.log"), Buffer.concat([encodeSegmentHeader(id), planned]));
    await expect(open()).rejects.toThrow(/2-0\.log.*: no segment of its epoch begins with a base/);
  });

  test("a segment under another name, a missing one, and one without a base are refused", async () => {
    await write(new Objects());
    renameSync(pathOf("1-4.log"), pathOf("1-5.log"));
    expect(await read()).toBe("CHECKPOINT_DAMAGED");
    renameSync(pathOf("1-5.log"), pathOf("1-4.log"));
    renameSync(pathOf("1-2.log"), join(directory, "kept"));
    expect(await read()).toBe("CHECKPOINT_DAMAGED");
    renameSync(join(directory, "kept"), pathOf("1-2.log"));
    rmSync(pathOf("1-0.log"));
    expect(await read()).toBe("CHECKPOINT_DAMAGED");
  });
});
