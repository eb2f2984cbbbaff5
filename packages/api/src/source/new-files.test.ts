import { type FileEntry, locationFrom } from "@millrace/files";
import { describe, expect, test } from "vitest";
import { isHidden, NewFiles, type NewFilesOptions } from "./new-files.ts";

const START = 10_000;
const MINUTE = 60_000;

const file = (path: string, modifiedMs: number): FileEntry => ({
  path: locationFrom(path),
  name: path.slice(path.lastIndexOf("/") + 1),
  kind: "file",
  bytes: 10,
  modifiedMs,
  version: `10@${modifiedMs * 1e6}`,
});
const newFiles = (options: Partial<NewFilesOptions> = {}): NewFiles =>
  new NewFiles({ afterMs: START, batchIntervalMs: 1000, rememberMs: MINUTE, accepts: () => true, ...options });
/** The files of a batch that is planned at its time. */
const choose = (files: NewFiles, listing: readonly FileEntry[], time: number): readonly FileEntry[] =>
  files.choose(listing, time, time).files;
const pathsOf = (entries: readonly FileEntry[]) => entries.map((entry) => entry.path);

describe("a file is new in a batch (FS-2)", () => {
  const cases: readonly [what: string, modifiedMs: number, batchTime: number, isNew: boolean][] = [
    ["that changed after the start", START + 1, 12_000, true],
    ["that changed at the start: no", START, 12_000, false],
    ["that was there before: no", START - 1, 12_000, false],
    ["that changed at the batch's time", 12_000, 12_000, true],
    ["that changed after the batch's time: no", 12_001, 12_000, false],
    ["that changed as long ago as is remembered: no", 40_000, 40_000 + MINUTE, false],
    ["that changed a moment later", 40_001, 40_000 + MINUTE, true],
  ];
  test.each(cases)("%s", (_, modifiedMs, batchTime, isNew) => {
    expect(choose(newFiles(), [file("/d/a", modifiedMs)], batchTime)).toHaveLength(isNew ? 1 : 0);
  });

  test("once only", () => {
    const files = newFiles();
    const listing = [file("/d/a", 11_500), file("/d/later", 12_001)];
    expect(pathsOf(choose(files, listing, 12_000))).toEqual(["/d/a"]);
    expect(pathsOf(choose(files, listing, 13_000))).toEqual(["/d/later"]);
    expect(pathsOf(choose(files, listing, 14_000))).toEqual([]);
  });

  test("though it was there at the start, when old ones are wanted, if it changed within the time remembered", () => {
    const files = newFiles({ afterMs: Number.NEGATIVE_INFINITY });
    const now = 100_000;
    const listing = [file("/d/minutes-old", now - MINUTE), file("/d/seconds-old", now - 5000)];
    expect(pathsOf(choose(files, listing, now))).toEqual(["/d/seconds-old"]);
  });

  test("unless the filter refuses it, or it is a directory (FS-1)", () => {
    const files = newFiles({ accepts: (path) => !isHidden(path) });
    const listing: FileEntry[] = [file("/d/.part", 11_000), { ...file("/d/sub", 11_000), kind: "directory" }];
    expect(choose(files, listing, 12_000)).toEqual([]);
  });

  test("again when that same batch is planned again (FS-6)", () => {
    const files = newFiles();
    expect(pathsOf(choose(files, [file("/d/a", 11_000)], 12_000))).toEqual(["/d/a"]);
    expect(pathsOf(choose(files, [], 12_000))).toEqual(["/d/a"]);
  });
});

describe("remembered files (FS-3)", () => {
  test.each([
    ["whole batches of the time set", 1000, MINUTE, MINUTE],
    ["one batch more when it is no multiple", 7000, MINUTE, 63_000],
    ["one batch at least", 90_000, MINUTE, 90_000],
  ])("is %s", (_, batchIntervalMs, rememberMs, window) => {
    const files = newFiles({ batchIntervalMs, rememberMs });
    const time = 500_000;
    const listing = [file("/d/in", time - window + 1), file("/d/out", time - window)];
    expect(pathsOf(choose(files, listing, time))).toEqual(["/d/in"]);
  });

  test("still ignores a file that is written to after it was read, however long that takes (FS-4)", () => {
    const files = newFiles();
    expect(pathsOf(choose(files, [file("/d/log", 20_000)], 20_000))).toEqual(["/d/log"]);
    for (let time = 21_000; time <= 20_000 + 5 * MINUTE; time += 1000) {
      expect(choose(files, [file("/d/log", time)], time)).toEqual([]);
    }
  });

  test("is forgotten: the path may be used again", () => {
    const files = newFiles();
    choose(files, [file("/d/a", 20_000)], 20_000);
    expect(choose(files, [file("/d/a", 20_000)], 81_000)).toEqual([]);
    expect(pathsOf(choose(files, [file("/d/a", 81_500)], 82_000))).toEqual(["/d/a"]);
  });
});

test("files are ordered by their last change, then by their paths (FS-7)", () => {
  const listing = [file("/d/c", 11_000), file("/d/b", 12_000), file("/d/a", 12_000)];
  expect(pathsOf(choose(newFiles(), listing, 12_000))).toEqual(["/d/c", "/d/a", "/d/b"]);
});

describe("an ignored file is reported once", () => {
  const told = (files: NewFiles, listing: readonly FileEntry[], time: number, now = time) =>
    Object.fromEntries(files.choose(listing, time, now).ignored);

  test("when it appears with a time from before the start, and not when it was there", () => {
    const files = newFiles();
    files.begin([file("/d/there", START - 1)]);
    const listing = [file("/d/there", START - 1), file("/d/moved-in", START - 1), file("/d/new", 10_500)];
    expect(told(files, listing, 11_000)).toEqual({ old: ["/d/moved-in"] });
    expect(told(files, listing, 12_000)).toEqual({});
  });

  test("again when it went and came", () => {
    const files = newFiles();
    const listing = [file("/d/a", START - 1)];
    expect(told(files, listing, 11_000)).toEqual({ old: ["/d/a"] });
    expect(told(files, [], 12_000)).toEqual({});
    expect(told(files, listing, 13_000)).toEqual({ old: ["/d/a"] });
  });

  test("when old files are wanted and it is older than the remembered time", () => {
    const files = newFiles({ afterMs: Number.NEGATIVE_INFINITY });
    const listing = [file("/d/old", 40_000), file("/d/new", 99_000)];
    expect(told(files, listing, 100_000)).toEqual({ aged: ["/d/old"] });
  });

  test("when it was read and is replaced, however often, while it is remembered", () => {
    const files = newFiles();
    files.choose([file("/d/a", 10_500)], 11_000, 11_000);
    expect(told(files, [file("/d/a", 11_500)], 12_000)).toEqual({ changed: ["/d/a"] });
    for (let time = 13_000; time < 200_000; time += 1000) expect(told(files, [file("/d/a", time)], time)).toEqual({});
  });

  test("but never when it was read and has not changed", () => {
    const files = newFiles();
    for (let time = 11_000; time < 200_000; time += 1000) expect(told(files, [file("/d/a", 10_500)], time)).toEqual({});
  });

  test("when its time is further ahead than clocks differ, until it is read then", () => {
    const files = newFiles();
    const listing = [file("/d/soon", 12_900), file("/d/later", 15_000)];
    expect(told(files, listing, 12_000)).toEqual({ early: ["/d/later"] });
    expect(told(files, listing, 13_000)).toEqual({});
    expect(pathsOf(choose(files, listing, 15_000))).toEqual(["/d/later"]);
  });

  test("when it cannot be read as a file, or its name not be written", () => {
    const files = newFiles();
    const listing: FileEntry[] = [
      { ...file("/d/pipe", 11_000), kind: "other" },
      { ...file("/d/\ufffd", 0), kind: "unnameable" },
      { ...file("/d/link", 0), kind: "dangling" },
      { ...file("/d/loop", 0), kind: "unreachable", problem: "ELOOP" },
    ];
    const left = {
      special: ["/d/pipe"],
      unnameable: ["/d/\ufffd"],
      dangling: ["/d/link"],
      unreachable: ["/d/loop (ELOOP)"],
    };
    expect(told(files, listing, 12_000)).toEqual(left);
  });

  test("unless the filter refuses it, or it is a directory", () => {
    const files = newFiles({ accepts: (path) => !isHidden(path) });
    expect(told(files, [file("/d/.a", 0), { ...file("/d/sub", 0), kind: "directory" }], 12_000)).toEqual({});
  });

  test("and a listing that failed is no listing of nothing", () => {
    const files = newFiles();
    const listing = [file("/d/a", START - 1)];
    expect(told(files, listing, 11_000)).toEqual({ old: ["/d/a"] });
    expect(files.choose(undefined, 12_000, 12_000)).toEqual({ files: [], gone: [], ignored: new Map() });
    expect(told(files, listing, 13_000)).toEqual({});
  });
});

describe("the returned files of a failed batch", () => {
  const listing = [file("/d/bad", 11_100), file("/d/a", 11_200), file("/d/b", 11_300)];
  const bad = new Set(["/d/bad"]);

  test("are offered to the next batch, but for the one that failed it", () => {
    const files = newFiles();
    expect(choose(files, listing, 12_000)).toHaveLength(3);
    expect(files.giveBack(12_000, bad)).toEqual({ again: ["/d/a", "/d/b"], lost: ["/d/bad"] });
    expect(choose(files, listing, 12_000)).toEqual([]);
    expect(pathsOf(choose(files, [...listing, file("/d/c", 12_500)], 13_000))).toEqual(["/d/a", "/d/b", "/d/c"]);
    expect(choose(files, listing, 14_000)).toEqual([]);
  });

  test("include the one that changed, in its new version and whatever its new time", () => {
    const files = newFiles();
    choose(files, listing, 12_000);
    files.giveBack(12_000, new Set());
    const now = { ...file("/d/bad", START - 5), bytes: 99 };
    expect(choose(files, [now], 13_000)).toEqual([now]);
  });

  test("are reported if they have vanished since, and only once that is known", () => {
    const files = newFiles();
    choose(files, listing, 12_000);
    files.giveBack(12_000, bad);
    expect(files.choose(undefined, 13_000, 13_000).gone).toEqual([]);
    const { files: chosen, gone } = files.choose([file("/d/a", 11_200)], 14_000, 14_000);
    expect([pathsOf(chosen), gone]).toEqual([["/d/a"], ["/d/b"]]);
  });

  test("are offered three times more at most", () => {
    const files = newFiles();
    for (let time = 12_000; time < 15_000; time += 1000) {
      expect(pathsOf(choose(files, listing, time))).toContain("/d/a");
      expect(files.giveBack(time, new Set()).lost).toEqual([]);
    }
    expect(choose(files, listing, 15_000)).toHaveLength(3);
    expect(files.giveBack(15_000, new Set())).toEqual({
      again: [],
      lost: ["/d/bad", "/d/a", "/d/b"],
    });
    expect(choose(files, listing, 16_000)).toEqual([]);
  });
});

test("files are found while the wall clock is behind the batches, once each", () => {
  const files = newFiles();
  const ahead = 60 * MINUTE;
  const entries = [file("/in/a", START + 500), file("/in/later", START + 1500)];
  const chosenAt = (now: number) => pathsOf(files.choose(entries, now + ahead, now).files);
  expect(chosenAt(START + 1000)).toEqual(["/in/a"]);
  expect(chosenAt(START + 2000)).toEqual(["/in/later"]);
  expect(chosenAt(START + 3000)).toEqual([]);
});

test("files are found while the wall clock is ahead of the batches, once each, and so are those from before the step", () => {
  const files = newFiles();
  const hour = 60 * MINUTE;
  const entries = [file("/in/before", START + 500), file("/in/after", START + 1500 + hour)];
  const chosenAt = (time: number, leadMs: number) =>
    pathsOf(files.choose(entries, time, START + 2000 + hour, { leadMs }).files);
  expect(chosenAt(START + 2000, hour)).toEqual(["/in/before", "/in/after"]);
  for (let time = START + 3000; time <= START + 2000 + hour; time += 1000)
    expect(chosenAt(time, START + 2000 + hour - time)).toEqual([]);
});

describe("another run of the job", () => {
  const listing = [file("/d/old", START - 1), file("/d/a", 11_500), file("/d/b", 12_500), file("/d/down", 15_000)];

  test("reads what came meanwhile, and nothing that was read or was there at first", () => {
    const files = newFiles();
    choose(files, listing, 12_000);
    const memory = files.memory();
    const chosen = choose(files, listing, 13_000); // after the memory was written
    const next = newFiles({ afterMs: 60_000 }); // started a minute later
    next.recall(memory, [{ time: 13_000, files: chosen }]);
    expect(pathsOf(choose(next, listing, 16_000))).toEqual(["/d/down"]);
  });

  test("offers files that a failed batch had returned", () => {
    const files = newFiles();
    choose(files, listing, 12_000);
    files.giveBack(12_000, new Set());
    const next = newFiles({ afterMs: 60_000 });
    next.recall(files.memory(), []);
    expect(pathsOf(choose(next, listing, 13_000))).toEqual(["/d/a", "/d/b"]);
  });

  test("takes files from before its start if it is changed to want them", () => {
    const next = newFiles({ afterMs: Number.NEGATIVE_INFINITY });
    next.recall(newFiles().memory(), []);
    expect(pathsOf(choose(next, listing, 12_000))).toEqual(["/d/old", "/d/a"]);
  });
});

describe("where files appear late", () => {
  const late = (): NewFiles => newFiles({ appearsLate: true });
  const old = file("/d/old", START - 5);
  const now = START + 10 * MINUTE;

  test("one that was not in the listing before is new, however old it is", () => {
    const files = late();
    files.begin([old]);
    expect(pathsOf(choose(files, [old, file("/d/a", now - 1)], now))).toEqual(["/d/a"]);
    const both = [
      old,
      file("/d/a", now - 1),
      file("/d/begun-before-the-job", START - MINUTE),
      file("/d/slow", START + 1),
    ];
    const next = files.choose(both, now + 1_000, now + 1_000);
    expect(pathsOf(next.files)).toEqual(["/d/begun-before-the-job", "/d/slow"]);
    expect(next.ignored.size).toBe(0);
    expect(choose(files, both, now + 2_000)).toEqual([]);
    expect(choose(files, both, now + 5 * MINUTE)).toEqual([]);
  });

  test("one that a failed listing would have shown is new in the next", () => {
    const files = late();
    files.begin([old]);
    files.choose(undefined, now, now);
    expect(pathsOf(choose(files, [old, file("/d/a", START + 1)], now + 1_000))).toEqual(["/d/a"]);
  });

  test("the first listing after a restart goes by times, and names what is too old", () => {
    const files = late();
    files.recall(late().memory(), []);
    const { files: chosen, ignored } = files.choose([old, file("/d/aged", START + 1)], now, now);
    expect(chosen).toEqual([]);
    expect([...ignored]).toEqual([
      ["old", ["/d/old"]],
      ["aged", ["/d/aged"]],
    ]);
  });
});
