import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type JobDefinition } from "@millrace/api";
import { EngineError, epochMs } from "@millrace/base";
import { inspectCheckpoint, Savepoints } from "@millrace/driver/checkpoint";
import { locationFrom } from "@millrace/files";
import { LocalFileSystem, StateFiles } from "@millrace/storage";
import { readBatchLog } from "@millrace/storage/batch-log";
import { readState } from "@millrace/storage/state-data";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";

// Every kind of file of a real checkpoint, damaged in every way: whoever reads it gets what was there, or is told.

const BATCHES = 8;
/** The last batch of the first run; the next one starts some time after it. */
const LAST = START + BATCHES * 1_000;
const LATER = LAST + 5_000;
const files = new LocalFileSystem();
let root: string;
/** A checkpoint after some batches with a savepoint in it, and that of another run of the same job. */
let whole: string;
let others: string;

/** Counts words; few deltas are written before a round of slices. */
function job(home: string, name = "words", checkpoint = "checkpoint"): JobDefinition {
  return defineJob({ name, batchInterval: "1s", checkpointDir: join(home, checkpoint) }, (ssc) => {
    ssc
      .fileStream(join(home, "in"), { newFilesOnly: false })
      .named("logs")
      .map((word): [string, number] => [word, 1])
      .updateStateByKey<number>((added, total = 0) => total + added.length, { numPartitions: 2, onlyUpdated: true })
      .named("totals")
      .saveAsTextFiles(join(home, "out", "totals"))
      .named("saved");
  });
}

function feed(home: string, name: string, words: string, at: number): void {
  const path = join(home, "in", name);
  writeFileSync(path, words);
  utimesSync(path, at / 1_000, at / 1_000);
}

/** @returns Its warnings, and how it ended, if it did. */
async function run(
  definition: JobDefinition,
  { at, ms, conf = {} }: { readonly at: number; readonly ms: number; readonly conf?: Readonly<Record<string, string>> },
): Promise<{ readonly warnings: readonly string[]; readonly end: string | undefined }> {
  const cluster = await MemoryCluster.start(definition, {
    ...{ executors: 1, directory: mkdtempSync(join(root, "work-")), at: epochMs(at) },
    conf: { "state.snapshot.deltas": "2", "task.attempts.max": "1", ...conf },
  });
  await cluster.idle();
  await cluster.join("e1", 2);
  await cluster.pass(ms);
  const { warnings, end } = cluster;
  cluster.kill();
  await cluster.idle();
  await cluster.close();
  return { warnings, end };
}

async function checkpointOf(home: string, at: number): Promise<string> {
  mkdirSync(join(home, "in"), { recursive: true });
  for (let i = 0; i < BATCHES; i++)
    feed(home, `${i}`, `word ${i % 5}\nword ${(i + 1) % 5}\nalways`, at + i * 1_000 + 500);
  await run(job(home), { at, ms: BATCHES * 1_000 + 100 });
  return join(home, "checkpoint");
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "millrace-damaged-"));
  whole = await checkpointOf(join(root, "home"), START);
  others = await checkpointOf(join(root, "others"), START + 100_000);
  await new Savepoints(whole).create("v1");
  cpSync(whole, join(root, "kept"), { recursive: true });
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** All files of a checkpoint but those of its lease, of its savepoints, and what executors are probed with. */
function filesOf(directory: string, within = ""): readonly string[] {
  return readdirSync(join(directory, within), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(within, entry.name);
      if (!entry.isDirectory()) return [path];
      return ["owner", "savepoints", "probe"].includes(entry.name) ? [] : filesOf(directory, path);
    })
    .sort();
}

const ofKind = (directory: string, kind: string): readonly string[] =>
  filesOf(directory).flatMap((path) => (path.endsWith(`.${kind}`) ? [join(directory, path)] : []));

const flipped = (bytes: Buffer, at: number): Buffer => {
  const other = Buffer.from(bytes);
  other.writeUInt8(other.readUInt8(at) ^ (1 << (at % 8)), at);
  return other;
};

describe("who reads a checkpoint", () => {
  /** Everything that it says, or the code of the error that its reader gets. */
  async function contentOf(directory: string): Promise<string> {
    try {
      const { entries } = await readBatchLog({ files, directory: locationFrom(directory) });
      const { epoch, committed, pending } = await inspectCheckpoint(directory);
      const reader = new StateFiles({ files, directory: locationFrom(directory) });
      const rows: unknown[] = [];
      for (const entry of entries) {
        const all = entry.kind === "base" ? entry.base.committed.states : entry.kind === "committed" && entry.states;
        if (!all) continue;
        rows.length = 0;
        for (const [operator, { partitions, heads }] of all) {
          for (const [partition, head] of heads.entries()) {
            const found = await readState(reader, { operator, partition, partitions }, head);
            rows.push(found.map(({ key, cell }) => [key, cell]));
          }
        }
      }
      return JSON.stringify([committed ?? 0, pending?.time, epoch, rows]);
    } catch (error) {
      if (error instanceof EngineError) return `error ${error.code}`;
      throw error;
    }
  }

  const TOLD = /^error (CHECKPOINT_(DAMAGED|NEWER|OLDER|NOT_FOUND)|STATE_DELTA_(CORRUPT|MISSING|FOREIGN))$/;
  /** How many places of the files of a kind are damaged, spread over all of them. */
  const PLACES = 24;
  let content: string;
  beforeAll(async () => {
    content = await contentOf(whole);
  });

  test("finds files of each kind, and each content where it was written", async () => {
    expect(new Set(filesOf(whole).map((path) => path.slice(path.lastIndexOf(".") + 1)))).toEqual(
      new Set(["log", "delta", "slice"]),
    );
    expect(content).toContain("always");
    expect(await contentOf(others)).not.toBe(content);
    expect(await contentOf(join(whole, "savepoints", "v1"))).toContain("always");
  });

  const DAMAGES: Readonly<Record<string, (bytes: Buffer, share: number) => Buffer | undefined>> = {
    "is missing": () => undefined,
    "is empty": () => Buffer.alloc(0),
    "is cut off": (bytes, share) => bytes.subarray(0, Math.floor(bytes.length * share)),
    "has a bit flipped": (bytes, share) => flipped(bytes, Math.floor(bytes.length * share)),
  };

  test.each(["log", "delta", "slice"].flatMap((kind) => Object.keys(DAMAGES).map((how) => [kind, how] as const)))(
    "gets what was there, or is told, when a %s %s",
    async (kind, how) => {
      const paths = ofKind(whole, kind);
      const places = how.startsWith("is m") || how.startsWith("is e") ? paths.length : PLACES;
      const found = new Set<string>();
      for (let n = 0; n < places; n++) {
        const path = paths[n % paths.length] ?? "";
        const bytes = readFileSync(path);
        const damaged = DAMAGES[how]?.(bytes, n / places);
        try {
          if (damaged === undefined) rmSync(path);
          else writeFileSync(path, damaged);
          found.add(await contentOf(whole));
        } finally {
          writeFileSync(path, bytes);
        }
      }
      const others = [...found].filter((one) => one !== content && !TOLD.test(one));
      // An end of a log that is cut off was not relied on by anybody: what is left is the log of a moment before.
      const isEarlier = kind === "log" && how === "is cut off";
      expect(others.filter((one) => !isEarlier || !/^\[\d+,/.test(one))).toEqual([]);
      if (kind === "slice")
        expect([...found]).toContain(content); // there are older ones
      else expect([...found].some((one) => TOLD.test(one))).toBe(true);
    },
  );

  test.each(["log", "delta", "slice"])("is told when a %s is a sibling's, or one of another run", async (kind) => {
    const paths = ofKind(whole, kind);
    for (const other of [...paths.slice(0, 2), ...ofKind(others, kind).slice(0, 2)]) {
      const path = paths.at(-1) ?? "";
      if (other === path) continue;
      const bytes = readFileSync(path);
      cpSync(other, path);
      const found = await contentOf(whole);
      writeFileSync(path, bytes);
      if (kind === "slice") expect(found).toBe(content);
      else expect(found).toMatch(TOLD);
    }
  });
});

describe("a job on a checkpoint", () => {
  const home = (): string => join(root, "home");
  const out = (): string => join(home(), "out");
  const timeOf = (name: string): number => Number(/^\.?totals-(\d+)/.exec(name)?.[1] ?? 0);

  beforeEach(() => {
    for (const folder of ["checkpoint", "fork"]) rmSync(join(home(), folder), { recursive: true, force: true });
    cpSync(join(root, "kept"), whole, { recursive: true });
    for (const name of readdirSync(out())) if (timeOf(name) > LAST) rmSync(join(out(), name), { recursive: true });
    feed(home(), "later", "always\nword 7", LATER - 1_500);
  });

  /** The totals after one more batch. */
  const RIGHT = ["always", "word 0", "word 1", "word 2", "word 3", "word 4", "word 7"].map((word, i) =>
    JSON.stringify([word, [9, 3, 4, 4, 3, 2, 1][i]]),
  );

  function totals(): readonly string[] {
    const last = readdirSync(out())
      .filter((name) => name.startsWith("totals") && timeOf(name) > LAST)
      .sort()
      .at(-1);
    if (last === undefined) return [];
    const parts = readdirSync(join(out(), last)).filter((name) => name.startsWith("part-"));
    return parts
      .flatMap((part) =>
        readFileSync(join(out(), last, part), "utf8")
          .split("\n")
          .filter(Boolean),
      )
      .sort();
  }

  const change = (path: string, to: (bytes: Buffer) => Buffer): void => writeFileSync(path, to(readFileSync(path)));
  const last = (kind: string, directory = whole): string => ofKind(directory, kind).at(-1) ?? "none";
  const flip = (kind: string, share = 0.7): void =>
    change(last(kind), (bytes) => flipped(bytes, Math.floor(bytes.length * share)));

  test.each<[string, () => void]>([
    ["is as it was left", () => undefined],
    ["has a slice that is missing", () => rmSync(last("slice"))],
    [
      "has slices that are damaged",
      () => {
        for (const path of ofKind(whole, "slice").slice(-2)) writeFileSync(path, "no");
      },
    ],
    ["has a slice that is cut off", () => change(last("slice"), (bytes) => bytes.subarray(0, bytes.length - 9))],
    ["has a slice with a bit flipped", () => flip("slice")],
    ["has a slice of another run", () => cpSync(last("slice", others), last("slice"))],
    [
      "has what does not belong there",
      () => {
        writeFileSync(join(whole, "state", "totals", "2-0", "notes.txt"), "mine");
        writeFileSync(join(whole, "batches", "1-0.log.4-5-6.tmp"), "half of it");
        mkdirSync(join(whole, "state", "of-others"));
        mkdirSync(join(whole, "received"));
        writeFileSync(join(whole, "received", "notes.log"), "mine");
      },
    ],
    [
      "has a log whose last entry is cut off",
      () => change(last("log"), (bytes) => bytes.subarray(0, bytes.length - 3)),
    ],
  ])("that %s goes on with the right totals", async (_, damage) => {
    damage();
    const { end } = await run(job(home()), { at: LATER, ms: 1_100 });
    expect([end, totals()]).toEqual([undefined, RIGHT]);
  });

  test.each<[string, () => void, RegExp]>([
    ["a log with a bit flipped", () => flip("log", 0.2), /CHECKPOINT_DAMAGED.*not started/],
    ["no log", () => rmSync(join(whole, "batches"), { recursive: true }), /CHECKPOINT_WITHOUT_LOG.*not started/],
    ["an emptied folder of the log", () => rmSync(last("log")), /CHECKPOINT_WITHOUT_LOG.*not started/],
    ["the log of another run", () => cpSync(last("log", others), last("log")), /STATE_(NOT_FOUND|DELTA_MISSING)/],
    ["no state", () => rmSync(join(whole, "state"), { recursive: true }), /STATE_(NOT_FOUND|DELTA_MISSING)/],
    ["its last delta missing", () => rmSync(last("delta")), /STATE_(NOT_FOUND|DELTA_MISSING)/],
    ["a delta with a bit flipped", () => flip("delta"), /STATE_DELTA_CORRUPT/],
    [
      "a delta in the place of another",
      () => cpSync(ofKind(whole, "delta")[0] ?? "", last("delta")),
      /STATE_DELTA_CORRUPT/,
    ],
    ["a delta of another run", () => cpSync(last("delta", others), last("delta")), /STATE_DELTA_CORRUPT/],
    [
      "a segment of the received log that is none",
      () => {
        mkdirSync(join(whole, "received"));
        writeFileSync(join(whole, "received", "1-e1-0.log"), "no segment at all, but longer than its head");
      },
      /RECEIVED_LOG_DAMAGED.*1-e1-0\.log/,
    ],
  ])("with %s ends, and nothing becomes visible", async (_, damage, error) => {
    damage();
    const { end } = await run(job(home()), { at: LATER, ms: 1_100 });
    expect(end).toMatch(error);
    expect(totals()).toEqual([]);
  });

  test("of a job of another name is refused", async () => {
    const { end } = await run(job(home(), "letters"), { at: LATER, ms: 100 });
    expect(end).toMatch(/CHECKPOINT_OTHER_JOB.*belongs to the job "words"/);
  });

  test.each(["", "{", '{"format":2}'])("whose lease record is %j is waited for, and taken over", async (record) => {
    const owner = join(whole, "owner");
    const name = readdirSync(owner)
      .filter((one) => one.endsWith(".json"))
      .at(-1);
    writeFileSync(join(owner, name ?? "1.json"), record);
    const { end, warnings } = await run(job(home()), { at: LATER, ms: 14_000 });
    expect([end, totals()]).toEqual([undefined, RIGHT]);
    expect(warnings).toContain("CHECKPOINT_AWAITED");
  });

  describe("from a savepoint", () => {
    const savepoint = (): string => join(whole, "savepoints", "v1");
    const fork = () =>
      run(job(home(), "fork", "fork"), { at: LATER, ms: 1_100, conf: { "checkpoint.from": savepoint() } });

    test("that is whole has the right totals", async () => {
      const { end } = await fork();
      expect([end, totals()]).toEqual([undefined, RIGHT]);
    });

    test.each<[string, () => void, RegExp]>([
      ["no log", () => rmSync(join(savepoint(), "batches"), { recursive: true }), /CHECKPOINT_NOT_FOUND/],
      [
        "a log with a bit flipped",
        () => change(last("log", savepoint()), (bytes) => flipped(bytes, 90)),
        /CHECKPOINT_DAMAGED/,
      ],
      ["a delta missing", () => rmSync(last("delta", savepoint())), /STATE_DELTA_MISSING/],
      [
        "a delta with a bit flipped",
        () => {
          const bytes = readFileSync(last("delta", savepoint()));
          const path = last("delta", savepoint());
          rmSync(path); // it has two names, and the job's own must stay whole
          writeFileSync(path, flipped(bytes, 120));
        },
        /STATE_DELTA_CORRUPT/,
      ],
    ])("with %s ends, and nothing becomes visible", async (_, damage, error) => {
      damage();
      const { end } = await fork();
      expect(end).toMatch(error);
      expect(totals()).toEqual([]);
      // The job that it was made of goes on.
      expect((await run(job(home()), { at: LATER, ms: 1_100 })).end).toBeUndefined();
      expect(totals()).toEqual(RIGHT);
    });
  });
});
