import { EngineError } from "@millrace/base";
import { entriesOf, type FileSystem, fileNotFound, type Location, within } from "@millrace/files";
import type { LeaseRecord } from "@millrace/plan";
import { decodeLease, encodeLease } from "./lease-record.ts";

export interface LeaseFolderOptions {
  readonly files: FileSystem;
  /** The directory that is owned; the lease is in `owner` within it. */
  readonly directory: Location;
  /** Of whoever looks and writes here. */
  readonly token: string;
}

export interface FoundRecord {
  readonly number: number;
  /** `undefined`: it is not readable. */
  readonly record: LeaseRecord | undefined;
}

/** Each time, the record was replaced between the listing and the reading. */
const LOOKS_MAX = 8;
const FILE_NAME = /^(\d{1,15})\.json$/;

/**
 * The lease of a directory: `<directory>/owner/<number>.json`. The record with the highest number counts, and nobody overwrites one:
 * whoever creates the next number first has it. A file system without `writeNew` looks before it writes, and reads what it has
 * written: of two who do that at the same moment, the one whose record was replaced notices, at once or with its next record.
 */
export class LeaseFolder {
  readonly #files: FileSystem;
  readonly #folder: Location;
  readonly #token: string;

  constructor({ files, directory, token }: LeaseFolderOptions) {
    this.#files = files;
    this.#folder = within(directory, "owner");
    this.#token = token;
  }

  /** The record that counts; `undefined` if there is none. */
  async look(): Promise<FoundRecord | undefined> {
    for (let tries = 1; ; tries++) {
      const number = highest(await this.#numbers());
      if (number === 0) return undefined;
      try {
        return { number, record: decodeLease(await this.#files.read(this.#pathOf(number))) };
      } catch (error) {
        const replaced = error instanceof EngineError && error.code === fileNotFound.code;
        if (!replaced || tries >= LOOKS_MAX) throw error;
      }
    }
  }

  /** For how long a record has been there, by the clock of the storage alone; 0 if it has been replaced. */
  async ageMs(number: number): Promise<number> {
    const probe = within(this.#folder, `${this.#token}.look`);
    await this.#files.write(probe, []);
    try {
      const [now, then] = await Promise.all([this.#files.stat(probe), this.#files.stat(this.#pathOf(number))]);
      return now === undefined || then === undefined ? 0 : Math.max(0, now.modifiedMs - then.modifiedMs);
    } finally {
      await this.#files.remove(probe);
    }
  }

  /**
   * Writes the next record. Those before it are removed.
   *
   * @returns False: the number was taken, or a higher one is there, or the one before it is not.
   */
  async write(number: number, record: LeaseRecord): Promise<boolean> {
    const path = this.#pathOf(number);
    if (!(await this.#create(path, encodeLease(record)))) return false;
    // The numbers that a paused owner has missed may have been written and removed: then this one was free, and counts for nothing.
    const numbers = await this.#numbers();
    const follows = highest(numbers) === number && (number === 1 || numbers.includes(number - 1));
    const old = numbers.filter((other) => other < number).map((other) => this.#pathOf(other));
    // What is left over does not count, and is removed the next time.
    await Promise.allSettled((follows ? old : [path]).map((file) => this.#files.remove(file)));
    return follows;
  }

  async #create(path: Location, bytes: Uint8Array): Promise<boolean> {
    if (this.#files.writeNew !== undefined) return this.#files.writeNew(path, [bytes]);
    if ((await this.#files.stat(path)) !== undefined) return false;
    await this.#files.write(path, [bytes]);
    return Buffer.from(await this.#files.read(path)).equals(bytes);
  }

  async #numbers(): Promise<readonly number[]> {
    return ((await entriesOf(this.#files, this.#folder)) ?? []).flatMap(({ name }) => {
      const number = FILE_NAME.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  }

  #pathOf(number: number): Location {
    return within(this.#folder, `${number}.json`);
  }
}

function highest(numbers: readonly number[]): number {
  return numbers.reduce((max, number) => Math.max(max, number), 0);
}
