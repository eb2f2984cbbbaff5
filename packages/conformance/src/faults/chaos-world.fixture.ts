import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lines } from "../lines.fixture.ts";
import type { Strike } from "./fault.ts";
import type { ArmedFault } from "./fault-box.fixture.ts";
import { differences, OUTPUTS, type Saved } from "./verdict.fixture.ts";

/** Batches without the missing records after which they count as lost. */
const BATCHES_MAX = 200;
const COUNTED = /^counted (\d+)$/;

/** Resolves with the report of a fault; rejects when batch after batch passes without it, or the process ends. */
export async function struckBy({ struck, disarm }: ArmedFault, log: Lines, what: string): Promise<Strike> {
  let batches = 0;
  let over = false;
  const never = log
    .first((line) => {
      if (COUNTED.test(line)) batches += 1;
      return over || batches > BATCHES_MAX;
    }, log.mark)
    .then(
      () => {
        throw new Error(`no process has come to "${what}" in ${batches} batches: the fault did not strike`);
      },
      () => struck, // the process has ended, and the report of why may be on its way
    );
  never.catch(() => undefined);
  try {
    return await Promise.race([struck, never]);
  } finally {
    over = true;
    disarm();
  }
}

/** The directory of one run of `jobs/chaos.ts`: what is fed to it, and what it makes of that. */
export class ChaosWorld {
  readonly directory: string = mkdtempSync(join(tmpdir(), "millrace-chaos-"));
  /** Records so far: they are 0, 1, … */
  fed = 0;

  constructor() {
    mkdirSync(join(this.directory, "in"));
  }

  /** Moves a file with so many new records into the directory that the job reads. */
  feedFile(records: number): void {
    const name = `records-${this.fed}`;
    writeFileSync(join(this.directory, name), this.take(records));
    renameSync(join(this.directory, name), join(this.directory, "in", name));
  }

  /** So many new records as lines, for another way into the job. */
  take(records: number): string {
    const from = this.fed;
    this.fed += records;
    return Array.from({ length: records }, (_, n) => `${from + n}\n`).join("");
  }

  /**
   * Resolves when the job's state has all records and the batch that brought it there is committed.
   *
   * @throws Batch after batch had fewer.
   */
  async counted(log: Lines, from = 0): Promise<void> {
    let batches = 0;
    let complete = 0;
    const line = await log.first(
      (text) => {
        const count = COUNTED.exec(text)?.[1];
        if (count === undefined) return false;
        batches += 1;
        if (Number(count) >= this.fed) complete += 1;
        return complete > 1 || batches > BATCHES_MAX; // the next batch runs when the one before it is committed
      },
      from,
      `counted ${this.fed}, twice`,
    );
    if (complete === 0) throw new Error(`${line} after ${batches} batches, and ${this.fed} records were fed`);
  }

  /** What is visible; of a running job, without the batch that is being committed. */
  #saved(): Saved {
    const out = join(this.directory, "out");
    const all = readdirSync(out);
    const last = Math.max(...all.map((name) => Number(/-(\d+)$/.exec(name)?.[1] ?? 0)));
    const whole = OUTPUTS.every((output) => all.includes(`${output}-${last}`));
    const names = all.filter((name) => whole || !name.endsWith(`-${last}`));
    const of = (output: string): ReadonlyMap<number, readonly string[]> =>
      new Map(
        names.flatMap((name) => {
          const time = name.startsWith(`${output}-`) ? Number(name.slice(output.length + 1)) : Number.NaN;
          return Number.isNaN(time) ? [] : [[time, linesOf(join(out, name))]];
        }),
      );
    const [records, totals, places, recent, window] = OUTPUTS.map(of);
    const none: ReadonlyMap<number, readonly string[]> = new Map();
    return {
      records: records ?? none,
      totals: totals ?? none,
      places: places ?? none,
      recent: recent ?? none,
      window: window ?? none,
    };
  }

  /** None: each record went through all outputs once. */
  differences(): readonly string[] {
    return differences(this.fed, this.#saved());
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function linesOf(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith("part-"))
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "");
}
