import { epochMs, ManualClock, millis, SeededRng } from "@millrace/base";
import { diskFull } from "@millrace/files";
import type { BlockToLog } from "@millrace/storage/received-log";
import { expect, test } from "vitest";
import { GroupCommit } from "./group-commit.ts";

const block = (n: number, bytes = 100): BlockToLog => ({
  run: { input: "chat", epoch: 1, run: 0 },
  input: "chat",
  place: { epoch: 1, run: 0, block: n },
  records: 1,
  bytes,
  parts: () => [],
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log whose writes a test ends one by one. */
function scripted() {
  const groups: { readonly blocks: readonly number[]; readonly end: (error?: Error) => void }[] = [];
  const told: string[] = [];
  const clock = new ManualClock(epochMs(0));
  const commit = new GroupCommit({
    write: (blocks) =>
      new Promise((resolve, reject) => {
        const numbers = blocks.map(({ place }) => place.block);
        const places = numbers.map((offset) => ({ segment: "s", offset }));
        groups.push({ blocks: numbers, end: (error) => (error === undefined ? resolve(places) : reject(error)) });
      }),
    clock,
    rng: new SeededRng(1),
    retryDelay: { min: millis(100), max: millis(1_000) },
    onFailing: (error) => told.push(error?.message ?? "written again"),
  });
  return { groups, told, clock, commit };
}

test("blocks that come while a group is written are the next one", async () => {
  const { groups, commit } = scripted();
  const logged: number[] = [];
  const append = (n: number): void => void commit.append(block(n)).then(({ offset }) => logged.push(offset));
  append(0);
  append(1);
  await turn();
  append(2);
  append(3);
  await turn();
  expect(groups.map(({ blocks }) => blocks)).toEqual([[0, 1]]);
  groups[0]?.end();
  await turn();
  expect(logged).toEqual([0, 1]);
  expect(groups.map(({ blocks }) => blocks)).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test("a group is bounded, in bytes and in blocks", async () => {
  const { groups, commit } = scripted();
  for (let n = 0; n < 3; n++) void commit.append(block(n, 3 << 20));
  for (let n = 3; n < 600; n++) void commit.append(block(n, 1));
  for (let n = 0; n < 4; n++) {
    await turn();
    groups[n]?.end();
  }
  await turn();
  expect(groups.map(({ blocks }) => blocks.length)).toEqual([1, 1, 512, 86]);
});

test("a full disk is told of once; the group is tried again, nothing overtakes it, and nothing counts until it is written", async () => {
  const { groups, told, clock, commit } = scripted();
  const logged: number[] = [];
  for (const n of [0, 1]) void commit.append(block(n)).then(({ offset }) => logged.push(offset));
  await turn();
  for (let attempt = 0; attempt < 5; attempt++) {
    groups.at(-1)?.end(diskFull("the disk is full."));
    await turn();
    if (attempt === 0) void commit.append(block(2)).then(({ offset }) => logged.push(offset));
    clock.advance(millis(1_000));
    await turn();
  }
  expect(groups.map(({ blocks }) => blocks)).toEqual(Array.from({ length: 6 }, () => [0, 1]));
  expect([told, logged]).toEqual([["[DISK_FULL] the disk is full."], []]);
  groups.at(-1)?.end();
  await turn();
  groups.at(-1)?.end();
  await turn();
  expect(logged).toEqual([0, 1, 2]);
  expect(told.at(-1)).toBe("written again");
});

test("closed, it writes nothing any more, and what waits stays unconfirmed", async () => {
  const { groups, clock, commit } = scripted();
  let logged = false;
  void commit.append(block(0)).then(() => {
    logged = true;
  });
  await turn();
  groups[0]?.end(diskFull("the disk is full."));
  await turn();
  commit.close();
  clock.advance(millis(10_000));
  await turn();
  expect([groups.length, logged]).toEqual([1, false]);
});
