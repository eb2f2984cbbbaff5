import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GraphMemory, JobGraph } from "@millrace/api/engine";
import { epochMs, ManualClock, parseConf, type Warning } from "@millrace/base";
import { type Location, locationFrom } from "@millrace/files";
import type { BaseEntry, BatchInput, InputMemory, JobParts } from "@millrace/plan";
import { LocalFileSystem } from "@millrace/storage";
import { BatchLog } from "@millrace/storage/batch-log";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BatchJournal } from "./batch-journal.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-journal-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const at = epochMs;
const input = (time: number): BatchInput => ({
  time: at(time),
  inputs: new Map([["input-0", { kind: "rate", from: 0, until: time, recordsPerSecond: 1, zeroTime: at(0) }]]),
});
const error = { name: "Error", message: "boom" };

const part = (name: string, kind: string) => ({ name, given: true, kind, label: `${kind} here`, place: 1, code: 1 });
const PARTS: JobParts = {
  states: [{ ...part("totals", "updateStateByKey"), version: 1, migrates: false }],
  sources: [part("input-0", "rate")],
  outputs: [],
};

/** Of a checkpoint in which a batch is committed, without state. */
const BASE: BaseEntry = {
  kind: "base",
  identity: undefined,
  parts: PARTS,
  dropped: [],
  base: {
    ...{ zeroTime: at(0), committed: { last: at(100), states: new Map() }, remembered: [], pending: undefined },
    ...{ memories: new Map(), memoriesAt: at(100), received: new Map() },
  },
};

/** A job whose inputs remember what the test says. */
function job(
  options: Partial<Pick<JobGraph, "name" | "batchIntervalMs" | "parts">> = {},
  { drop = [], savepoint }: { readonly drop?: readonly string[]; readonly savepoint?: Location } = {},
) {
  const memories = new Map<string, InputMemory>();
  const warnings: Warning[] = [];
  const graph = {
    name: "job",
    batchIntervalMs: 100,
    checkpointDir: locationFrom(directory),
    conf: parseConf({}),
    parts: PARTS,
    memory: (): GraphMemory => ({ memories: new Map(memories), remembered: [] }),
    ...options,
  };
  const warn = (warning: Warning) => void warnings.push(warning);
  /** Each open is that of another process, which finds all others dead. */
  const open = (): Promise<BatchJournal> =>
    BatchJournal.open(new LocalFileSystem(), graph, {
      warn,
      drop,
      savepoint,
      owner: {
        clock: new ManualClock(at(0)),
        processes: { self: { host: "h", machine: "", pid: 1, start: "" }, fateOf: () => "dead" },
        sink: { warn, warningOver: () => undefined },
        onLost: () => undefined,
      },
    });
  /** What somebody finds who only looks. */
  const found = async () =>
    (await BatchJournal.open(new LocalFileSystem(), graph, { warn, drop, owner: undefined })).found;
  return { open, found, memories, warnings };
}

async function begun(): Promise<BatchJournal> {
  const journal = await job().open();
  await journal.take(at(0));
  return journal;
}

/** A state whose second partition is empty. */
const totals = new Map([
  ["totals", { batch: at(100), partitions: 2, heads: [{ batch: at(100), attempt: 7, epoch: 1 }, undefined] }],
]);

describe("the journal of a job", () => {
  test("finds nothing at first, and then what was logged", async () => {
    const journal = await begun();
    expect(journal.found).toBeUndefined();
    await journal.planned(input(100));
    await journal.ended({ end: "committed", time: at(100), states: totals, failed: false });
    await journal.planned(input(200));
    expect(await job().found()).toMatchObject({
      zeroTime: 0,
      committed: { last: 100, states: totals },
      pending: { time: 200, inputs: input(200).inputs, states: totals },
    });
  });

  test("takes over what it finds, and an owner before it changes nothing any more", async () => {
    const earlier = await begun();
    await earlier.planned(input(100));
    const journal = await job().open();
    await journal.take(at(0));
    await earlier.ended({ end: "committed", time: at(100), states: new Map(), failed: false }).catch(() => undefined);
    const found = await job().found();
    expect([found?.committed.last, found?.pending?.time]).toEqual([0, 100]);
  });

  test("has an id that stays when the job is changed, and that no other checkpoint has", async () => {
    const { id } = await begun();
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    const parts = { ...PARTS, sources: [...PARTS.sources, part("more", "files")] };
    expect((await job({ parts }).open()).id).toBe(id);
    rmSync(directory, { recursive: true });
    expect((await begun()).id).not.toBe(id);
  });

  test("has another id in a fork, which keeps it", async () => {
    const { id, release } = await begun().then((journal) => ({ id: journal.id, release: () => journal.release() }));
    await release();
    const savepoint = locationFrom(`${directory}-saved`);
    renameSync(directory, `${directory}-saved`);
    try {
      const fork = job({ name: "fork" }, { savepoint });
      const journal = await fork.open();
      await journal.take(at(0));
      expect(journal.id).toMatch(/^[0-9a-f]{12}$/);
      expect(journal.id).not.toBe(id);
      expect((await fork.open()).id).toBe(journal.id); // as a restart does
    } finally {
      rmSync(`${directory}-saved`, { recursive: true });
    }
  });

  test("goes on without an id from before there were ids", async () => {
    const files = new LocalFileSystem();
    const { log } = await BatchLog.open({ files, directory: locationFrom(directory) });
    await log.take({ ...BASE, identity: { name: "job", id: "", batchIntervalMs: 100 } });
    log.close();
    expect((await job().open()).id).toBe("");
  });

  test("refuses the directory of another job, and of another interval, by name", async () => {
    await begun();
    await expect(job({ name: "other" }).open()).rejects.toThrow(
      /CHECKPOINT_OTHER_JOB.* belongs to the job "job", and this one is "other"/,
    );
    await expect(job({ batchIntervalMs: 2_000 }).open()).rejects.toThrow(
      /CHECKPOINT_OTHER_INTERVAL.* are 100 ms apart, .* is now 2 s\. .*Set batchInterval to 100 ms again/,
    );
  });

  test.each(["state", "received"])("refuses %s whose log was removed, and leaves all as it is", async (folder) => {
    const journal = await begun();
    await journal.release();
    mkdirSync(join(directory, folder), { recursive: true });
    writeFileSync(join(directory, folder, "x"), "");
    expect((await job().open()).found).toBeDefined();
    rmSync(join(directory, "batches"), { recursive: true });
    for (const attempt of [1, 2])
      await expect(job().open(), `${attempt}`).rejects.toThrow(
        /CHECKPOINT_WITHOUT_LOG.*has (state|records).*not started.*restore the folder "batches".*an empty directory/,
      );
    await expect(job().found()).rejects.toThrow("CHECKPOINT_WITHOUT_LOG");
    expect(readdirSync(join(directory, folder))).toEqual(["x"]);
  });

  test("goes on if it was killed when something was received, and before its log was begun", async () => {
    await (await job().open()).release();
    mkdirSync(join(directory, "received"));
    writeFileSync(join(directory, "received", "1-e1-0.log"), "");
    expect((await job().open()).found).toBeUndefined();
  });

  test("logs what inputs remember with the end of a batch that failed and was passed over", async () => {
    const { open, found, memories } = job();
    const journal = await open();
    await journal.take(at(0));
    await journal.planned(input(100));
    memories.set("input-0", { kind: "external", ranges: [Uint8Array.of(7)] }); // changed by the failure
    await journal.prepared(at(100), { states: new Map(), outputs: [] }, error);
    expect(await found()).toMatchObject({
      pending: { time: 100, error, prepared: { states: new Map() } },
      memories,
    });
    await journal.ended({ end: "committed", time: at(100), states: new Map(), failed: true });
    expect(await found()).toMatchObject({ committed: { last: 100 }, pending: undefined, memories });
    expect(readdirSync(join(directory, "batches"))).toEqual(["1-2.log"]);
  });

  test("keeps which outputs are committed of a batch that is to run again", async () => {
    const journal = await begun();
    const output = { id: 3, name: "print-0", label: "print" };
    await journal.planned(input(100));
    await journal.prepared(at(100), { states: new Map(), outputs: [] }, undefined);
    await journal.ended({ end: "abandoned", time: at(100), done: [output] });
    await journal.planned(input(100));
    expect((await job().found())?.pending).toMatchObject({ time: 100, prepared: undefined, done: [output] });
  });

  test("goes on from imported state, of no job and no interval, and says so when the import was cut off", async () => {
    const files = new LocalFileSystem();
    const { log } = await BatchLog.open({ files, directory: locationFrom(directory) });
    const described = { ...part("totals", "imported"), version: 1, migrates: false };
    const committed = { last: at(100), states: totals };
    const parts = { ...PARTS, states: [described], sources: [] };
    await log.take({ ...BASE, identity: undefined, parts, base: { ...BASE.base, zeroTime: undefined, committed } });
    log.close();
    const { open, found, warnings } = job();
    const journal = await open();
    expect([journal.found?.committed, warnings]).toEqual([committed, []]);
    expect(journal.id).toMatch(/^[0-9a-f]{12}$/);
    await journal.take(at(700));
    // As of a job of its own whose first batch is still to come.
    expect(await found()).toMatchObject({ zeroTime: 700, committed: { last: 0, states: totals } });
    rmSync(join(directory, "batches"), { recursive: true });
    for (const folder of ["state", "import"]) mkdirSync(join(directory, folder, "totals"), { recursive: true });
    await expect(open()).rejects.toThrow(/CHECKPOINT_WITHOUT_LOG.* the import was cut off.*millrace state import/);
  });

  describe("of a job that was changed", () => {
    const without: JobParts = { ...PARTS, states: [] };
    const withTotals = async (): Promise<void> => {
      const journal = await begun();
      await journal.planned(input(100));
      await journal.ended({ end: "committed", time: at(100), states: totals, failed: false });
    };

    test("refuses to go on without a state that the checkpoint has, and changes nothing", async () => {
      await withTotals();
      await expect(job({ parts: without }).open()).rejects.toThrow(
        /CHECKPOINT_MISMATCH.*The state "totals": the job has no state of that name now.*: --drop totals\./,
      );
      const { found } = await job().open();
      expect(found?.committed.states).toEqual(totals);
    });

    test("drops it when told to, for good, and takes the same command again", async () => {
      await withTotals();
      const { open, warnings } = job({ parts: without }, { drop: ["totals"] });
      const journal = await open();
      expect(warnings).toMatchObject([{ code: "CHECKPOINT_CHANGED", message: /dropped, as asked: state "totals"/ }]);
      await journal.take(at(0));
      await (await open()).take(at(0)); // as a restart does
      const back = job();
      expect((await back.open()).found?.committed.states.size).toBe(0);
      expect(back.warnings).toMatchObject([{ message: /new, without data: state "totals"/ }]);
    });

    test("drops nothing that goes on, and nothing that is not there", async () => {
      await withTotals();
      await expect(job({}, { drop: ["totals"] }).open()).rejects.toThrow(/DROP_UNKNOWN.*totals goes on as it is/);
      await expect(job({ parts: without }, { drop: ["totls"] }).open()).rejects.toThrow(
        /DROP_UNKNOWN.*totls is not there \(did you mean totals\?\).*What may be dropped: totals/,
      );
    });

    test("has nothing to drop in an empty directory", async () => {
      await expect(job({}, { drop: ["totals"] }).open()).rejects.toThrow(/DROP_UNKNOWN.*Nothing needs to be dropped/);
    });
  });
});
