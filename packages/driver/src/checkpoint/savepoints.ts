import { type ErrorFactory, errorKind, fateOf, processInWords } from "@millrace/base";
import { entriesOf, type FileSystem, type Location, within } from "@millrace/files";
import type { BaseEntry } from "@millrace/plan";
import { BatchLog } from "@millrace/storage/batch-log";
import { LeaseFolder } from "@millrace/storage/lease";
import { copyStates, runsAgain, takeCheckpoint } from "./copied-state.ts";
import { checkpointAt, findCheckpoint } from "./found-checkpoint.ts";

const savepointExists: ErrorFactory = errorKind("SAVEPOINT_EXISTS", "user");
const savepointNotFound: ErrorFactory = errorKind("SAVEPOINT_NOT_FOUND", "user");
const savepointInUse: ErrorFactory = errorKind("SAVEPOINT_IN_USE", "user");
const savepointName: ErrorFactory = errorKind("SAVEPOINT_NAME", "user");

/** A savepoint in a checkpoint directory. Plain data. */
export interface Savepoint {
  readonly name: string;
  readonly directory: string;
  /** The name of the job; `undefined`: its state was imported, and no job has run on it yet. */
  readonly job: string | undefined;
  /** The last batch that is committed in it. */
  readonly batch: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** The savepoints of a checkpoint directory: `<directory>/savepoints/<name>`, each of them a checkpoint directory by itself. */
export class Savepoints {
  readonly #files: FileSystem;
  readonly #directory: Location;
  readonly #folder: Location;

  /** @throws FILE_SYSTEM_UNKNOWN */
  constructor(path: string) {
    ({ files: this.#files, directory: this.#directory } = checkpointAt(path));
    this.#folder = within(this.#directory, "savepoints");
  }

  /**
   * Keeps the last committed batch of a job, which may run and is not asked. It exists when its log does, which comes last.
   *
   * @throws SAVEPOINT_NAME, SAVEPOINT_EXISTS, CHECKPOINT_NOT_FOUND, CHECKPOINT_DAMAGED, STATE_DELTA_MISSING
   */
  async create(name: string): Promise<Savepoint> {
    const directory = this.#named(name);
    const known = await this.#at(name);
    if (known !== undefined)
      throw savepointExists(
        `the savepoint ${JSON.stringify(name)} exists in ${this.#directory}: it has batch ${known.batch}. Nothing was changed. Give another name, or delete it first, with --delete ${name}.`,
        { fields: { directory, name } },
      );
    return takeCheckpoint(this.#files, this.#directory, async ({ identity, parts, dropped, epoch, logged }) => {
      await this.#files.remove(directory); // left by an attempt that was cut off
      // What was received is the job's own, too.
      const pending = logged.pending && runsAgain(logged.pending);
      const entry: BaseEntry = {
        kind: "base",
        ...{ identity, parts, dropped },
        base: { ...logged, pending, received: new Map() },
      };
      await copyStates(this.#files, { logged: entry.base, from: this.#directory, to: directory });
      const { log } = await BatchLog.open({ files: this.#files, directory, epoch });
      await log.take(entry);
      log.close();
      return { name, directory, job: identity?.name, batch: logged.committed.last };
    });
  }

  /** By name. What is incomplete is not among them. */
  async list(): Promise<readonly Savepoint[]> {
    const found: Savepoint[] = [];
    for (const { name, kind } of (await entriesOf(this.#files, this.#folder)) ?? []) {
      const savepoint = kind === "directory" && NAME.test(name) ? await this.#at(name) : undefined;
      if (savepoint !== undefined) found.push(savepoint);
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Removes a savepoint. Jobs that were started from it have their own files.
   *
   * @throws SAVEPOINT_NOT_FOUND, SAVEPOINT_IN_USE A job runs in the savepoint itself.
   */
  async delete(name: string): Promise<Savepoint> {
    const directory = this.#named(name);
    const savepoint = await this.#at(name);
    if (savepoint === undefined) throw await this.#missing(name);
    const lease = new LeaseFolder({ files: this.#files, directory, token: "delete" });
    const found = await lease.look();
    const owner = found?.record;
    const free = owner === undefined || owner.released || fateOf(owner.owner.process) === "dead";
    if (found !== undefined && !free && (await lease.ageMs(found.number)) < owner.leaseMs)
      throw savepointInUse(
        `${owner.owner.what} (${processInWords(owner.owner.process)}) runs in the savepoint ${directory}, as its checkpoint directory. It is not deleted. ` +
          "Stop that job first. A job that is started with --from-savepoint copies it, and does not need it any more.",
        { fields: { directory, name } },
      );
    // Its log first: what is left if this is cut off is no savepoint.
    await this.#files.remove(within(directory, "batches"));
    await this.#files.remove(directory);
    return savepoint;
  }

  #named(name: string): Location {
    if (NAME.test(name)) return within(this.#folder, name);
    throw savepointName(
      `${JSON.stringify(name)} cannot be the name of a savepoint: want 1 to 100 of A-Z a-z 0-9 _ . -, a letter or digit first. Nothing was changed.`,
    );
  }

  async #at(name: string): Promise<Savepoint | undefined> {
    const directory = within(this.#folder, name);
    if ((await this.#files.stat(within(directory, "batches"))) === undefined) return undefined;
    const { identity, logged } = await findCheckpoint(this.#files, directory);
    return { name, directory, job: identity?.name, batch: logged.committed.last };
  }

  async #missing(name: string): Promise<Error> {
    const names = (await this.list()).map((savepoint) => savepoint.name);
    const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
    return savepointNotFound(
      `there is no savepoint ${JSON.stringify(name)} in ${this.#directory}: ${known}. Nothing was changed.`,
      { fields: { directory: this.#directory, name } },
    );
  }
}
