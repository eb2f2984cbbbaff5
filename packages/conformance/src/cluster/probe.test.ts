import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { epochMs, FILE_CHANGES, type FileChange } from "@millrace/base";
import type { ByteRange, FileReader, Location } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";
import { END, UNDISTURBED, visible, words } from "./words-job.fixture.ts";

// Executors that do not reach the checkpoint directory as the job's driver does.

let root: string;
let sunk: Map<number, string>;
let cluster: MemoryCluster | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-probe-"));
  sunk = new Map();
});
afterEach(async () => {
  await cluster?.close();
  rmSync(root, { recursive: true, force: true });
});

const checkpoint = (): string => join(root, "checkpoint");
const probes = (): readonly string[] => readdirSync(join(checkpoint(), "probe"));

async function start(at: number = START, executors = 2): Promise<MemoryCluster> {
  const job = words(root, sunk, () => false);
  const directory = mkdtempSync(join(root, "work-"));
  cluster = await MemoryCluster.start(job, { executors, directory, at: epochMs(at) });
  await cluster.idle();
  return cluster;
}

const outputs = (): readonly string[] =>
  [...visible(root), ...[...sunk].map(([time, text]) => `sink-${time}: ${text}`)]
    .filter((line) => Number(/\d+/.exec(line)?.[0]) < END)
    .sort();

/** A machine on which another disk is mounted where the others have the checkpoint directory. */
class AnotherDisk extends LocalFileSystem {
  mended = false;

  #here(path: Location): Location {
    return path.startsWith(checkpoint()) && !this.mended
      ? (`${root}/another-disk${path.slice(checkpoint().length)}` as Location) // a path of this machine again
      : path;
  }

  override read(file: Location, range?: ByteRange): Promise<Uint8Array> {
    return super.read(this.#here(file), range);
  }

  override open(file: Location): Promise<FileReader> {
    return super.open(this.#here(file));
  }

  override write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    return super.write(this.#here(file), parts);
  }
}

describe("a job that begins", () => {
  test("is refused if an executor does not see its checkpoint directory, which is named", async () => {
    const job = await start();
    await job.join("e1");
    await job.join("e2", 1, new AnotherDisk());
    expect(job.end).toMatch(
      /^failed: \[CHECKPOINT_NOT_SHARED\] executor e2 on \S+ does not see the checkpoint directory \S+ .* a shared volume.*The job is not started\.$/,
    );
    expect(job.warnings).not.toContain("EXECUTOR_LOST");
  });

  test("is refused if an executor can only read there", async () => {
    const refused: string[] = [];
    const refuse = (message: unknown): void => {
      const change = message as FileChange; // only the engine publishes there
      if (!change.path.includes("/checkpoint/probe/") || !change.path.includes(".e2.")) return;
      refused.push(change.path);
      change.refusal = Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS" });
    };
    subscribe(FILE_CHANGES, refuse);
    try {
      const job = await start();
      for (const name of ["e1", "e2"]) await job.join(name);
      expect(refused).not.toEqual([]);
      expect(job.end).toMatch(
        /^failed: \[CHECKPOINT_NOT_SHARED\] executor e2 on \S+ sees the .*, but cannot write there: EROFS\. .*mount it writable/,
      );
    } finally {
      unsubscribe(FILE_CHANGES, refuse);
    }
  });
});

describe("a job that runs", () => {
  test("does not use an executor that comes and does not see its checkpoint directory, until that is mended", async () => {
    const job = await start();
    for (const name of ["e1", "e2"]) await job.join(name);
    const sent: string[] = [];
    job.once(
      (step) => {
        if (step.what === "toExecutor" && step.executor === "e3") sent.push(step.message.type);
        return false;
      },
      () => undefined,
    );
    const disk = new AnotherDisk();
    await job.pass(1_500);
    await job.join("e3", 1, disk);
    await job.pass(1_000);
    expect(sent).toEqual(["welcome"]);
    expect(job.warnings.at(-1)).toBe("CHECKPOINT_NOT_SHARED");
    disk.mended = true;
    await job.join("e3", 1, disk);
    await job.pass(END - job.clock.now());
    expect(sent).toContain("launch");
    expect(job.warnings.filter((code) => code === "CHECKPOINT_NOT_SHARED")).toHaveLength(1);
    expect(outputs()).toEqual(UNDISTURBED);
  });

  test("goes on after a kill without an executor that does not see its checkpoint directory any more", async () => {
    const first = await start();
    for (const name of ["e1", "e2"]) await first.join(name);
    await first.pass(1_500);
    first.kill();
    await first.idle();
    expect(probes()).toHaveLength(1); // nobody was there to remove it
    const [orphan] = probes();
    const again = await start(first.clock.now() + 500, 1);
    expect(probes()).toHaveLength(1);
    expect(probes()).not.toContain(orphan);
    await again.join("e2", 1, new AnotherDisk());
    await again.join("e1");
    await again.pass(END - again.clock.now());
    expect(again.warnings).toContain("CHECKPOINT_NOT_SHARED");
    expect(outputs()).toEqual(UNDISTURBED);
    again.driver.stop({ graceful: true });
    await again.pass(5_000);
    expect([again.end, probes()]).toEqual(["finished", []]);
  });
});

test("a job that keeps nothing asks nothing of its executors", async () => {
  const seen: unknown[] = [];
  const job = defineJob({ name: "plain", batchInterval: "1s" }, (ssc) => {
    ssc.queueStream([["a"]]).foreachRDD(async (rdd) => void seen.push(...(await rdd.collect())));
  });
  const probed: unknown[] = [];
  cluster = await MemoryCluster.start(job, { directory: root });
  cluster.once(
    ({ what, message }) => {
      if (what === "toExecutor" && message.type === "welcome") probed.push(message.probe);
      return false;
    },
    () => undefined,
  );
  await cluster.idle();
  await cluster.join("e1", 1, new AnotherDisk());
  await cluster.pass(1_500);
  expect([probed, seen]).toEqual([[undefined], ["a"]]);
});
