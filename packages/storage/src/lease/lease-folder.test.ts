import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { type FileSystem, locationFrom } from "@millrace/files";
import type { LeaseRecord } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import { LeaseFolder } from "./lease-folder.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-lease-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A file system that cannot tell whether it creates a file. */
class Replacing extends LocalFileSystem {}
Object.defineProperty(Replacing.prototype, "writeNew", { value: undefined });

const folder = (files: FileSystem, token: string) =>
  new LeaseFolder({ files, directory: locationFrom(directory), token });
const there = () => readdirSync(join(directory, "owner")).sort();

function record(token: string): LeaseRecord {
  const process = { host: "h", machine: "m", pid: 1, start: "1" };
  const owner = { what: 'the job "ü"', process, token };
  return { epoch: 3, owner, since: epochMs(1), renewed: epochMs(2), leaseMs: 9_000, released: false };
}

describe.each([
  ["a file system with atomic creation", new LocalFileSystem()],
  ["one without", new Replacing()],
])("on %s", (_, files) => {
  const [a, b] = [() => folder(files, "a"), () => folder(files, "b")];

  test("a record is read as it was written, and each replaces the one before it", async () => {
    expect(await a().look()).toBeUndefined();
    expect(await a().write(1, record("a"))).toBe(true);
    expect(await b().look()).toEqual({ number: 1, record: record("a") });
    expect(await a().write(2, { ...record("a"), released: true })).toBe(true);
    expect(await b().look()).toEqual({ number: 2, record: { ...record("a"), released: true } });
    expect(there()).toEqual(["2.json"]);
  });

  test("a number that is taken is not written again", async () => {
    await a().write(1, record("a"));
    await a().write(2, record("a"));
    expect(await b().write(2, record("b"))).toBe(false);
    expect((await a().look())?.record?.owner.token).toBe("a");
  });

  test("a number that was written and removed meanwhile counts for nothing", async () => {
    await a().write(1, record("a"));
    for (const number of [2, 3, 4]) await b().write(number, record("b"));
    expect(await a().write(2, record("a"))).toBe(false);
    expect([there(), (await a().look())?.number]).toEqual([["4.json"], 4]);
  });

  test("a record does not follow one that is gone with its directory", async () => {
    await a().write(1, record("a"));
    rmSync(join(directory, "owner"), { recursive: true });
    await b().write(1, record("b"));
    expect(await a().write(5, record("a"))).toBe(false);
    expect(await b().look()).toMatchObject({ number: 1, record: { owner: { token: "b" } } });
  });

  test("a record that cannot be read still has its number", async () => {
    await a().write(1, record("a"));
    for (const text of ["", "{", '{"format":2}', '{"format":1}']) {
      writeFileSync(join(directory, "owner", "1.json"), text);
      expect(await b().look()).toEqual({ number: 1, record: undefined });
    }
  });

  test("the age of a record is that of its file, and of one that was replaced it is none", async () => {
    await a().write(1, record("a"));
    const file = join(directory, "owner", "1.json");
    const anHourAgo = statSync(file).mtimeMs / 1_000 - 3_600;
    utimesSync(file, anHourAgo, anHourAgo);
    expect(Math.round((await b().ageMs(1)) / 60_000)).toBe(60);
    expect(await b().ageMs(7)).toBe(0);
    expect(there()).toEqual(["1.json"]);
  });
});

test("of many that write the same number at once, one has it", async () => {
  const files = new LocalFileSystem();
  const tokens = Array.from({ length: 10 }, (_, i) => String(i));
  const won = await Promise.all(tokens.map((token) => folder(files, token).write(1, record(token))));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect((await folder(files, "x").look())?.record?.owner.token).toBe(tokens[won.indexOf(true)]);
});
