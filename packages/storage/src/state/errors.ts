import { type ErrorFactory, errorKind } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { StatePartition } from "./file-names.ts";

const stateDeltaCorrupt: ErrorFactory = errorKind("STATE_DELTA_CORRUPT", "environment");
const stateDeltaForeign: ErrorFactory = errorKind("STATE_DELTA_FOREIGN", "user");
export const stateDeltaMissing: ErrorFactory = errorKind("STATE_DELTA_MISSING", "environment");

/** A state file, and whose state it belongs to: what messages about it name. */
export interface StateFilePlace {
  readonly path: Location;
  readonly of: StatePartition;
}

const REMEDY =
  "Restore the file from a copy of the checkpoint directory, or go back to the whole copy: outputs of later batches are then met " +
  "again (OUTPUT_EXISTS), so remove them first. Or start the job with an empty directory, without its state.";

export function corrupt({ path, of }: StateFilePlace, why: string): Error {
  return stateDeltaCorrupt(
    `the state file ${path} is damaged: ${why}. ${titleOf(of)} cannot be loaded without it, and the job stops. ${REMEDY}`,
    { fields: { path, operator: of.operator, partition: of.partition } },
  );
}

/** @param needed What needs it: "the delta of batch 300 builds on it". */
export function missing({ path, of }: StateFilePlace, needed: string): Error {
  return stateDeltaMissing(
    `the state file ${path} is missing, and ${needed}. ${titleOf(of)} cannot be loaded, and the job stops. ${REMEDY}`,
    { fields: { path, operator: of.operator, partition: of.partition } },
  );
}

export interface FoundVersions {
  readonly format: number;
  readonly hash: number;
}

export function foreign({ path, of }: StateFilePlace, found: FoundVersions, known: FoundVersions): Error {
  return stateDeltaForeign(
    `the state file ${path} was written by another version of Millrace: format ${found.format} and key hash ${found.hash}, ` +
      `this version reads ${known.format} and ${known.hash}. ${titleOf(of)} cannot be loaded, and the job stops. ` +
      "Run the version that wrote it, or start the job with an empty checkpoint directory, without its state.",
    { fields: { path, operator: of.operator, partition: of.partition, format: found.format, hash: found.hash } },
  );
}

function titleOf({ operator, partition, partitions }: StatePartition): string {
  return `The state of ${JSON.stringify(operator)}, partition ${partition} of ${partitions},`;
}
