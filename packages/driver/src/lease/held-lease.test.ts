import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EngineError,
  epochMs,
  ManualClock,
  millis,
  type ProcessFate,
  silentLogger,
  type Warning,
} from "@millrace/base";
import { type FileStat, type Location, locationFrom } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownCheckpoint } from "./checkpoint-lease.ts";
import { ownDataDirectory } from "./data-directory-lease.ts";
import type { HeldLease } from "./held-lease.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-held-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A storage with a clock that tests move. */
class TimedFiles extends LocalFileSystem {
  readonly #clock: ManualClock;
  readonly #written = new Map<string, number>();
  broken = false;

  constructor(clock: ManualClock) {
    super();
    this.#clock = clock;
  }

  override async write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    await super.write(file, parts);
    this.#written.set(file, this.#clock.now());
  }

  override async writeNew(file: Location, parts: readonly Uint8Array[]): Promise<boolean> {
    if (this.broken) throw new Error("the storage is gone");
    const won = await super.writeNew(file, parts);
    if (won) this.#written.set(file, this.#clock.now());
    return won;
  }

  override async stat(path: Location): Promise<FileStat | undefined> {
    const stat = await super.stat(path);
    return stat && { ...stat, modifiedMs: this.#written.get(path) ?? stat.modifiedMs };
  }
}

/** Lets what was begun end. */
async function idle(): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    quiet = process.getActiveResourcesInfo().some((kind) => /^(FSReq|CloseReq)/.test(kind)) ? 0 : quiet + 1;
  }
}

/** Processes on one directory, all with the same time; those that a test pauses fall behind. */
function world() {
  const clock = new ManualClock(epochMs(1_000_000));
  const files = new TimedFiles(clock);
  const fates = new Map<number, ProcessFate>();
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(millis(Math.min(100, left)));
      await idle();
    }
  };
  const start = (pid: number) => {
    const lost: EngineError[] = [];
    const told: string[] = [];
    const sink = {
      warn: ({ code }: Warning) => void told.push(code),
      warningOver: () => void told.push("over"),
    };
    const processes = {
      self: { host: "h", machine: "", pid, start: "" },
      fateOf: (other: { readonly pid: number }) => fates.get(other.pid) ?? "unknown",
    };
    let own = clock;
    /** Time stands still for it; what it does when it goes on is late. */
    const paused = (ms: number): void => {
      own.standStill(millis(ms));
    };
    const acquired = (on: ManualClock = clock): Promise<HeldLease> => {
      own = on;
      return ownCheckpoint(files, locationFrom(directory), {
        job: `job ${pid}`,
        lease: millis(9_000),
        owner: { clock: on, processes, sink, onLost: (error) => void lost.push(error) },
      });
    };
    return { lost, told, paused, acquired };
  };
  return { clock, files, fates, pass, start };
}

const codeOf = async (deed: Promise<unknown>): Promise<string> =>
  deed.then(
    () => "",
    (error: EngineError) => error.code,
  );

describe("the lease of a checkpoint directory", () => {
  test("is renewed for as long as its owner runs, and refuses a second one, by name", async () => {
    const { pass, start, fates } = world();
    const held = await start(1).acquired();
    fates.set(1, "alive");
    await pass(60_000);
    await expect(start(2).acquired()).rejects.toThrow(
      /CHECKPOINT_IN_USE.* belongs to the job "job 1" \(process 1 on h\) since 1970-01-01T00:16:40.000Z. .*millrace stop/,
    );
    await held.prove();
    await held.release();
  });

  test("passes at once from an owner that is dead, or has released it, and epochs ascend", async () => {
    const { start, fates } = world();
    expect((await start(1).acquired()).epoch).toBe(1);
    fates.set(1, "dead");
    const second = await start(2).acquired();
    expect(second.epoch).toBe(2);
    fates.set(2, "alive");
    await second.release();
    expect((await start(3).acquired()).epoch).toBe(3);
  });

  test("is waited for if its owner is elsewhere, with a warning, and refused once it is renewed", async () => {
    const { pass, start } = world();
    const first = start(1);
    const held = await first.acquired();
    const second = start(2);
    const refused = codeOf(second.acquired());
    await pass(4_000);
    expect(await refused).toBe("CHECKPOINT_IN_USE");
    expect(second.told).toEqual(["CHECKPOINT_AWAITED", "over"]);
    await held.release();
  });

  test("of an owner elsewhere that is gone passes when it has expired", async () => {
    const { clock, pass, start } = world();
    await start(1).acquired(new ManualClock(clock.now())); // nobody moves that clock: it is gone
    const second = start(2);
    let epoch = 0;
    void second.acquired().then((held) => {
      epoch = held.epoch;
    });
    await pass(8_900);
    expect(epoch).toBe(0);
    await pass(200);
    expect([epoch, second.told]).toEqual([2, ["CHECKPOINT_AWAITED", "over"]]);
  });

  test("is lost to an owner that was paused past it, who proves nothing any more", async () => {
    const { clock, pass, start } = world();
    const own = new ManualClock(clock.now());
    const first = start(1);
    const held = await first.acquired(own);
    const following = start(2).acquired();
    await pass(9_100);
    const next = await following;
    own.standStill(millis(20_000));
    await expect(held.prove()).rejects.toThrow(
      /CHECKPOINT_TAKEN.* did not renew its lease .* for 9 s.* the job "job 2" \(process 2 on h\) has taken it over.* checkpoint\.lease/,
    );
    expect(first.lost.map(({ code }) => code)).toEqual(["CHECKPOINT_TAKEN"]);
    expect(await codeOf(held.prove())).toBe("CHECKPOINT_TAKEN");
    await held.release(); // changes nothing
    await next.prove();
    expect(next.epoch).toBe(2);
  });

  test("is noticed to be lost without anything to do", async () => {
    const { clock, files, pass, start } = world();
    const own = new ManualClock(clock.now());
    const first = start(1);
    await first.acquired(own);
    const following = start(2).acquired();
    await pass(9_100);
    await following;
    own.advance(millis(20_000));
    await idle();
    expect([first.lost.map(({ code }) => code), files.broken]).toEqual([["CHECKPOINT_TAKEN"], false]);
  });

  test("is kept by an owner that was paused past it if nobody has followed", async () => {
    const { clock, start } = world();
    const own = new ManualClock(clock.now());
    const first = start(1);
    const held = await first.acquired(own);
    own.standStill(millis(60_000));
    await held.prove();
    expect(first.lost).toEqual([]);
  });

  test("is kept by an owner whose machine slept, which only the wall clock shows, once it is proved", async () => {
    const { clock, pass, start } = world();
    const own = new ManualClock(clock.now());
    const held = await start(1).acquired(own);
    const following = start(2).acquired();
    await pass(9_100);
    await following;
    own.setWall(9_100); // its timers have not moved
    expect(await codeOf(held.prove())).toBe("CHECKPOINT_TAKEN");
  });

  test("survives failures of the storage that are shorter than it, and a longer one is the error of what was to be done", async () => {
    const { files, pass, start } = world();
    const held = await start(1).acquired();
    files.broken = true;
    await pass(5_000);
    await held.prove();
    files.broken = false;
    await pass(5_000);
    await held.prove();
    files.broken = true;
    await pass(9_000);
    await expect(held.prove()).rejects.toThrow("the storage is gone");
    files.broken = false;
    await held.prove();
    await held.release();
  });
});

test("a driver's data directory has one driver at a time", async () => {
  const clock = new ManualClock(epochMs(0));
  const own = (fate: ProcessFate) =>
    ownDataDirectory(join(directory, "data"), {
      clock,
      log: silentLogger(),
      processes: { self: { host: "h", machine: "", pid: 7, start: "" }, fateOf: () => fate },
      onLost: () => undefined,
    });
  const held = await own("dead");
  await expect(own("alive")).rejects.toThrow(
    /DIRECTORY_IN_USE.*data is in use by the driver \(process 7 on h\).*--data-dir/,
  );
  await held.release();
  const next = await own("alive");
  expect(JSON.parse(readFileSync(join(directory, "data", "owner", "3.json"), "utf8"))).toMatchObject({ epoch: 2 });
  await next.release();
});
