import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, streamId } from "@millrace/base";
import { type BlockingFiles, diskFull, type FileSystem, type Location, locationFrom } from "@millrace/files";
import { type BlockId, type LoggedAt, type LoggedRun, type ReceivedPlace, receivedBlockId } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import { listReceivedLog, readLoggedBlock, removeSegments } from "./received-log-reader.ts";
import { type BlockToLog, ReceivedLogWriter } from "./received-log-writer.ts";

const files = new LocalFileSystem();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-received-log-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A file system that can only replace whole files. */
class Objects extends LocalFileSystem {
  override readonly blocking = undefined;
}

const log = (on: FileSystem = files) => ({ files: on, directory: locationFrom(directory) });
const writer = (on: FileSystem = files, segmentBytes = 1 << 20, epoch = 3): ReceivedLogWriter =>
  new ReceivedLogWriter({ ...log(on), epoch, writer: "e-1.x", segmentBytes });
const segments = (): readonly string[] => readdirSync(join(directory, "received")).sort();
const pathOf = (segment: string): string => join(directory, "received", segment);

const RUN: LoggedRun = { input: "chat", epoch: 3, run: 0 };
const place = (block: number, run = RUN): ReceivedPlace => ({ epoch: run.epoch, run: run.run, block });
const idOf = (block: number): BlockId => receivedBlockId(streamId(0), place(block));
const contentOf = (block: number): Uint8Array => new Uint8Array(100 + block).fill(block + 1);

function blockToLog(block: number, run = RUN): BlockToLog {
  const content = contentOf(block);
  const parts = [content.subarray(0, 10), content.subarray(10)];
  return { run, input: run.input, place: place(block, run), records: 7, bytes: content.length, parts: () => parts };
}

const read = (block: number, at: LoggedAt) =>
  readLoggedBlock(log(), { id: idOf(block), bytes: contentOf(block).length }, at);
const listed = async (): Promise<readonly number[]> =>
  (await listReceivedLog(log())).blocks.map((block) => block.place.block);

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof EngineError ? error.code : String(error);
}

describe.each([
  ["a file system that appends", files],
  ["one that replaces whole files", new Objects()],
])("on %s", (_, on) => {
  test("blocks are found with their runs, and read by their place", async () => {
    const out = writer(on);
    const later: LoggedRun = { input: 'b"\u00fc', epoch: 3, run: 1, after: { epoch: 2, run: 9, block: 4 } };
    const position = Uint8Array.of(0, 255);
    const places = [
      ...(await out.append([blockToLog(0), blockToLog(1)])),
      ...(await out.append([{ ...blockToLog(2), position }, blockToLog(0, later)])),
    ];
    out.close();
    const found = await listReceivedLog(log(on));
    expect(found.runs).toEqual(on === files ? [RUN, later] : [RUN, RUN, later]); // named in each segment
    expect(found.blocks).toEqual([
      { input: "chat", place: place(0), bytes: 100, records: 7, at: places[0] },
      { input: "chat", place: place(1), bytes: 101, records: 7, at: places[1] },
      { input: "chat", place: place(2), bytes: 102, records: 7, position, at: places[2] },
      { input: later.input, place: place(0, later), bytes: 100, records: 7, at: places[3] },
    ]);
    for (const [block, at] of places.slice(0, 3).entries()) {
      expect(Buffer.from(await read(block, at))).toEqual(Buffer.from(contentOf(block)));
    }
  });

  test("segments are removed by name", async () => {
    const out = writer(on, 0);
    await out.append([blockToLog(0)]);
    await out.append([blockToLog(1)]);
    out.close();
    const { segments: names } = await listReceivedLog(log(on));
    expect(await removeSegments(log(on), names.slice(0, 1))).toEqual([]);
    expect(await listed()).toEqual([1]);
  });
});

test("nothing is listed where there is no log, and other files are ignored", async () => {
  expect(await listReceivedLog(log())).toEqual({ segments: [], runs: [], blocks: [] });
  const out = writer();
  await out.append([blockToLog(0)]);
  out.close();
  writeFileSync(pathOf("notes.txt"), "x");
  writeFileSync(pathOf("3-e-1.x-0.log.1-0-0.tmp"), "x");
  expect(await listed()).toEqual([0]);
});

test("a segment that has reached its size is followed by another, which names its runs again", async () => {
  const out = writer(files, 300);
  for (let block = 0; block < 4; block++) await out.append([blockToLog(block)]);
  out.close();
  expect(segments()).toEqual(["3-e-1.x-0.log", "3-e-1.x-1.log"]);
  const { runs } = await listReceivedLog(log());
  expect(runs).toEqual([RUN, RUN]);
});

describe("a segment whose writer was killed", () => {
  test("is read up to the last whole entry, wherever it was cut off", async () => {
    const out = writer();
    const [first] = await out.append([blockToLog(0)]);
    const begun = readFileSync(pathOf("3-e-1.x-0.log")).length;
    await out.append([blockToLog(1)]);
    out.close();
    const [name = ""] = segments();
    const whole = readFileSync(pathOf(name));
    expect(first?.offset).toBeLessThan(begun);
    for (let cut = begun; cut < whole.length; cut += 9) {
      truncateSync(pathOf(name), 0);
      writeFileSync(pathOf(name), whole.subarray(0, cut));
      expect(await listed()).toEqual([0]);
    }
    // Zeros, which a crash of the machine may leave.
    writeFileSync(pathOf(name), Buffer.concat([whole.subarray(0, begun), Buffer.alloc(whole.length - begun)]));
    expect(await listed()).toEqual([0]);
    writeFileSync(pathOf(name), Buffer.concat([whole.subarray(0, -101), Buffer.alloc(101)]));
    expect(await listed()).toEqual([0]);
  });

  test.each([
    ["a bit of its head", (bytes: Buffer) => bytes.writeUInt8((bytes[9] ?? 0) ^ 1, 9)],
    ["a bit of an entry's head", (bytes: Buffer) => bytes.writeUInt8((bytes[27] ?? 0) ^ 1, 27)],
    ["a bit of a description", (bytes: Buffer) => bytes.writeUInt8((bytes[56] ?? 0) ^ 1, 56)],
  ])("is refused if %s is flipped", async (_, damage) => {
    const out = writer();
    await out.append([blockToLog(0), blockToLog(1)]);
    out.close();
    const path = pathOf("3-e-1.x-0.log");
    const bytes = readFileSync(path);
    damage(bytes);
    writeFileSync(path, bytes);
    expect(await codeOf(listReceivedLog(log()))).toBe("RECEIVED_LOG_DAMAGED");
  });

  test("is refused if it was renamed, or is of a newer format", async () => {
    const out = writer();
    await out.append([blockToLog(0)]);
    out.close();
    renameSync(pathOf("3-e-1.x-0.log"), pathOf("4-e-1.x-0.log"));
    expect(await codeOf(listReceivedLog(log()))).toBe("RECEIVED_LOG_DAMAGED");
  });
});

test("a block whose content is damaged, or which is another one, is not read", async () => {
  const out = writer();
  const [zero, one] = await out.append([blockToLog(0), blockToLog(1)]);
  out.close();
  if (zero === undefined || one === undefined) throw new Error("both were logged");
  expect(await codeOf(read(1, zero))).toBe("RECEIVED_LOG_DAMAGED");
  expect(await codeOf(read(0, { ...zero, offset: zero.offset + 1 }))).toBe("RECEIVED_LOG_DAMAGED");
  expect(await codeOf(read(0, { ...zero, segment: "3-e-1.x-7" }))).toBe("FILE_NOT_FOUND");
  const path = pathOf("3-e-1.x-0.log");
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = 99;
  writeFileSync(path, bytes);
  expect(await codeOf(read(1, one))).toBe("RECEIVED_LOG_DAMAGED");
  expect((await read(0, zero)).length).toBe(100);
});

test("after a write that failed midway, the next one goes to another segment, and what came through twice is the same", async () => {
  const disk = new FailingDisk();
  const out = writer(disk);
  await out.append([blockToLog(0)]);
  disk.room = 250; // the whole first block, and a part of the second
  const group = [blockToLog(1), blockToLog(2)];
  expect(await codeOf(out.append(group))).toBe("DISK_FULL");
  disk.room = Number.POSITIVE_INFINITY;
  const [one] = await out.append(group);
  out.close();
  expect(segments()).toEqual(["3-e-1.x-0.log", "3-e-1.x-1.log"]);
  expect(await listed()).toEqual([0, 1, 1, 2]);
  expect(one?.segment).toBe("3-e-1.x-1");
});

/** Appends what there is room for, then fails. */
class FailingDisk extends LocalFileSystem {
  room: number = Number.POSITIVE_INFINITY;
  override readonly blocking: BlockingFiles = {
    open: (file) => this.#local().open(file),
    create: (file) => this.#local().create(file),
    append: (file: Location) => {
      const appender = this.#local().append?.(file);
      if (appender === undefined) throw new Error("local files can be appended to");
      return {
        path: file,
        append: (chunk) => {
          appender.append(chunk.subarray(0, this.room));
          this.room -= chunk.length;
          if (this.room < 0) throw diskFull(`could not append to ${file}: the disk is full.`);
        },
        close: () => appender.close(),
      };
    },
  };

  #local(): BlockingFiles {
    const { blocking } = files;
    if (blocking === undefined) throw new Error("local files can be used with calls that block");
    return blocking;
  }
}
