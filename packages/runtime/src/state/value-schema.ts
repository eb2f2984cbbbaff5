import { inspect } from "node:util";
import { describeThrown, EngineError } from "@millrace/base";
import { type ClassTable, ValueDecoder } from "@millrace/codec";
import type { StateCell } from "@millrace/storage";
import { stateMigrateFailed, stateNotMigrated } from "../errors.ts";
import { TaskCancelled } from "../job/task-control.ts";

/** What the values of a state are. */
export interface ValueSchema {
  readonly version: number;
  /** Makes values of this version out of older ones; `undefined` forgets the key. */
  readonly migrate: ((old: unknown, fromVersion: number, key: unknown) => unknown) | undefined;
  /** Of the operation, for messages. */
  readonly label: string;
}

export const FIRST_SCHEMA: ValueSchema = { version: 1, migrate: undefined, label: "" };

/** Makes values of the current version out of those of older files. */
export class Migration {
  readonly schema: ValueSchema;
  readonly #decoder: ValueDecoder;

  constructor(schema: ValueSchema, classes: ClassTable) {
    this.schema = schema;
    this.#decoder = new ValueDecoder(classes);
  }

  /** @throws STATE_MIGRATE_FAILED, STATE_NOT_MIGRATED */
  migrated(cell: StateCell, from: number, key: unknown): unknown {
    const { version, migrate, label } = this.schema;
    if (migrate === undefined || from > version) throw notMigrated(this.schema, from, key);
    const old = cell instanceof Uint8Array ? this.#decoder.decode(cell, 0, cell.length) : cell;
    try {
      return migrate(old, from, key);
    } catch (error) {
      if (error instanceof TaskCancelled || error instanceof EngineError) throw error;
      throw stateMigrateFailed(
        `migrate of ${label} threw ${describeThrown(error)} for the state of the key ${inspect(key)}, from version ${from} to ${version}. ` +
          "The checkpoint still has the old value. Correct the function, and start the job again.",
        { cause: error, fields: { operator: label, from, version } },
      );
    }
  }
}

function notMigrated({ version, label }: ValueSchema, from: number, key: unknown): EngineError {
  const remedy =
    from > version
      ? "Run the job that wrote it, or give the operation a version that is not lower."
      : "Values that nothing has touched since are still older than the checkpoint says: give the operation its function migrate again.";
  return stateNotMigrated(
    `the state of ${label} has a value of version ${from}, of the key ${inspect(key)}, and the operation has version ${version}${from > version ? "" : " and no function migrate"}. ${remedy}`,
    { fields: { operator: label, from, version } },
  );
}
