import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs, processIdentity } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { LeaseFolder } from "@millrace/storage/lease";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Savepoints } from "./savepoints.ts";
import { startFrom } from "./start-from.ts";
import { StateCheckpoint } from "./state-checkpoint.fixture.ts";
import { StateData } from "./state-data.ts";

let root: string;
let checkpoint: StateCheckpoint;
let savepoints: Savepoints;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "millrace-savepoints-"));
  checkpoint = new StateCheckpoint(join(root, "job"));
  savepoints = new Savepoints(join(root, "job"));
  await checkpoint.change("totals", 100, [
    ["a", 1],
    ["b", 2],
  ]);
  await checkpoint.commit(100);
});
afterEach(() => rmSync(root, { recursive: true }));

async function keysOf(directory: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const rows of (await StateData.open(directory)).scan({}))
    for (const row of rows) found.push([row.key, row.state]);
  return found.sort();
}

describe("a savepoint", () => {
  test("keeps the last committed batch, whatever becomes of the job's own files", async () => {
    await checkpoint.change("totals", 200, [["a", 666]]); // under way
    const made = await savepoints.create("v1");
    expect(made).toMatchObject({ name: "v1", job: "words", batch: 100 });
    await checkpoint.commit(200);
    rmSync(join(root, "job", "state"), { recursive: true });
    expect(await keysOf(made.directory)).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("is listed, and deleted; what is incomplete is none", async () => {
    await savepoints.create("v2");
    await savepoints.create("v1");
    mkdirSync(join(root, "job/savepoints/broken/state"), { recursive: true });
    expect((await savepoints.list()).map(({ name, batch }) => [name, batch])).toEqual([
      ["v1", 100],
      ["v2", 100],
    ]);
    await savepoints.delete("v1");
    expect((await savepoints.list()).map(({ name }) => name)).toEqual(["v2"]);
    expect(existsSync(join(root, "job/savepoints/v1"))).toBe(false);
    await savepoints.create("broken"); // in place of what was left
    expect(await keysOf(join(root, "job/savepoints/broken"))).toHaveLength(2);
  });

  test.each(["", "../x", "a/b", ".hidden"])("is not named %j", async (name) => {
    await expect(savepoints.create(name)).rejects.toMatchObject({ code: "SAVEPOINT_NAME" });
    await expect(savepoints.delete(name)).rejects.toMatchObject({ code: "SAVEPOINT_NAME" });
  });

  test("is not replaced, and one that is not there is said to be none", async () => {
    await savepoints.create("v1");
    await expect(savepoints.create("v1")).rejects.toThrow(/SAVEPOINT_EXISTS.*it has batch 100.*--delete v1/);
    await expect(savepoints.delete("v2")).rejects.toThrow(/SAVEPOINT_NOT_FOUND.*"v2".*it has v1/);
  });

  test("in which a job runs is not deleted before that has ended", async () => {
    const { directory } = await savepoints.create("v1");
    const lease = new LeaseFolder({ files: new LocalFileSystem(), directory: locationFrom(directory), token: "t" });
    const owner = { what: 'the job "fork"', process: processIdentity(process.pid), token: "t" };
    const record = { epoch: 2, owner, since: epochMs(0), renewed: epochMs(0), leaseMs: 60_000, released: false };
    await lease.write(1, record);
    await expect(savepoints.delete("v1")).rejects.toThrow(
      /SAVEPOINT_IN_USE.*the job "fork" \(process \d+ on .* runs in/,
    );
    await lease.write(2, { ...record, released: true });
    await savepoints.delete("v1");
  });
});

describe("a job that starts from a savepoint", () => {
  const files = new LocalFileSystem();
  const start = (entries: Parameters<typeof startFrom>[1]["entries"] = []) =>
    startFrom(files, {
      savepoint: locationFrom(join(root, "job/savepoints/v1")),
      directory: locationFrom(join(root, "fork")),
      entries,
    });

  test("has its own files from then on", async () => {
    await savepoints.create("v1");
    const [base] = await start();
    expect(base).toMatchObject({ kind: "base", identity: { name: "words" }, base: { committed: { last: 100 } } });
    await start(); // again, after a kill before it logged anything
    await savepoints.delete("v1");
    expect(existsSync(join(root, "fork/state/totals/2-0"))).toBe(true);
  });

  test("goes on from its own log if it began there, and is refused if it did not", async () => {
    await savepoints.create("v1");
    const entries = await start();
    expect(await start(entries)).toBe(entries);
    writeFileSync(join(root, "fork/from-savepoint"), "/another");
    await expect(start(entries)).rejects.toThrow(
      /CHECKPOINT_NOT_EMPTY.*fork has a checkpoint already, which began from \/another/,
    );
  });

  test("is refused if there is none", async () => {
    await expect(start()).rejects.toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
  });
});
