import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lines } from "../lines.fixture.ts";
import type { NumberSource } from "../number-source.fixture.ts";
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
  /** Of the visible directories by name, which do not change any more. */
  readonly #lines = new Map<string, readonly string[]>();
  /** Records so far: they are 0, 1, … */
  fed = 0;

  readonly #source: NumberSource | undefined;

  /** @param source From which the job receives all records, instead of reading files. */
  constructor(source?: NumberSource) {
    this.#source = source;
    mkdirSync(join(this.directory, "in"));
    mkdirSync(this.#out);
  }

  /** So many new records: in a file that is moved into the directory which the job reads, or from its reliable source. */
  feed(records: number): void {
    if (this.#source !== undefined) {
      this.#source.make(records);
      this.fed = this.#source.end;
      return;
    }
    const name = `records-${this.fed}`;
    writeFileSync(join(this.directory, name), this.take(records));
    renameSync(join(this.directory, name), join(this.directory, "in", name));
  }

  /** The same, and waits for the batch. */
  async feedBatch(log: Lines): Promise<void> {
    this.feed(14); // twice each key
    await this.counted(log, log.mark);
  }

  /** The arguments of the job. @param port Of a socket that it reads from, too. */
  args(port = 0): readonly string[] {
    return [this.directory, String(port), String(this.#source?.port ?? 0)];
  }

  /** What the job needs to be told besides: with the log, nothing that the source was told to be safe can be lost. */
  get settings(): Readonly<Record<string, string>> {
    return this.#source === undefined ? {} : { "receiver.log": "on" };
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

  get #out(): string {
    return join(this.directory, "out");
  }

  /** What is visible; of a running job, without the batch that is being committed. */
  #saved(): Saved {
    const all = readdirSync(this.#out);
    const last = Math.max(...all.map((name) => Number(/-(\d+)$/.exec(name)?.[1] ?? 0)));
    const whole = OUTPUTS.every((output) => all.includes(`${output}-${last}`));
    const names = all.filter((name) => whole || !name.endsWith(`-${last}`));
    const of = (output: string): ReadonlyMap<number, readonly string[]> =>
      new Map(
        names.flatMap((name) => {
          const time = name.startsWith(`${output}-`) ? Number(name.slice(output.length + 1)) : Number.NaN;
          return Number.isNaN(time) ? [] : [[time, this.#linesOf(name)]];
        }),
      );
    return {
      records: of("records"),
      totals: of("totals"),
      places: of("places"),
      recent: of("recent"),
      window: of("window"),
    };
  }

  #linesOf(name: string): readonly string[] {
    let lines = this.#lines.get(name);
    if (lines === undefined) {
      lines = linesOf(join(this.#out, name));
      this.#lines.set(name, lines);
    }
    return lines;
  }

  /** Batches that are saved as a whole, and the records in them. */
  progress(): { readonly batches: number; readonly records: number } {
    const { records } = this.#saved();
    return { batches: records.size, records: [...records.values()].reduce((sum, { length }) => sum + length, 0) };
  }

  /** None: each record went through all outputs once. */
  differences(): readonly string[] {
    return differences(this.fed, this.#saved());
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 }); // a process that was killed may not be gone
  }
}

function linesOf(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith("part-"))
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "");
}
