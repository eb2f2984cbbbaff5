import { randomUUID } from "node:crypto";
import {
  clauseOf,
  describeThrown,
  EngineError,
  type EngineErrorOptions,
  type ErrorFactory,
  errorKind,
} from "@millrace/base";
import { entriesOf, type FileSystem, fileNotFound, type Location, within } from "@millrace/files";
import type { CheckpointProbe } from "@millrace/plan";

const notShared: ErrorFactory = errorKind("CHECKPOINT_NOT_SHARED", "user");

/** The process that a probe is for. */
export interface ProbedProcess {
  readonly executor: string;
  /** The name of its machine. */
  readonly host: string;
}

/**
 * Leaves a file for executors to find. Files of earlier runs are removed: their executors have gone over to this one.
 *
 * @throws The errors of the file system.
 */
export async function leaveProbe(files: FileSystem, directory: Location): Promise<CheckpointProbe> {
  const probe = { directory, name: randomUUID(), content: randomUUID() };
  await files.write(pathOf(probe), [Buffer.from(probe.content)]);
  await sweep(files, directory, (name) => !name.startsWith(probe.name));
  return probe;
}

/** Removes the file, and what executors that were killed have left. Never rejects: the next run removes the rest. */
export async function removeProbe(files: FileSystem, { directory, name }: CheckpointProbe): Promise<void> {
  await sweep(files, directory, (found) => found.startsWith(name));
}

/**
 * Shows that this process reads what the driver has written, and can write there itself.
 *
 * @throws CHECKPOINT_NOT_SHARED
 */
export async function answerProbe(files: FileSystem, probe: CheckpointProbe, who: ProbedProcess): Promise<void> {
  await readProbe(files, probe, who);
  const own = within(folderOf(probe.directory), `${probe.name}.${who.executor}`);
  try {
    await files.write(own, [Buffer.from(probe.content)]);
    await files.remove(own);
  } catch (error) {
    throw unfit(
      probe,
      who,
      `sees the checkpoint directory ${probe.directory}, but cannot write there: ${reasonOf(error)}. ` +
        "Executors write the job's state there: mount it writable on that machine, for the user that the executor runs as",
      { cause: error },
    );
  }
}

async function readProbe(files: FileSystem, probe: CheckpointProbe, who: ProbedProcess): Promise<void> {
  const { directory } = probe;
  const remedy = `Give all executors the storage that the driver has at ${directory}, at the same path: a shared volume, or a checkpoint directory with another scheme than file:`;
  let found: string;
  try {
    found = Buffer.from(await files.read(pathOf(probe))).toString();
  } catch (error) {
    const missing = error instanceof EngineError && error.code === fileNotFound.code;
    const why = missing ? "what the driver wrote there a moment ago does not exist here" : reasonOf(error);
    throw unfit(
      probe,
      who,
      `does not see the checkpoint directory ${directory} that the job's driver has: ${why}. ${remedy}`,
      {
        cause: error,
      },
    );
  }
  if (found === probe.content) return;
  throw unfit(
    probe,
    who,
    `does not see the checkpoint directory ${directory} that the job's driver has: the file ${pathOf(probe)} has another content here. ${remedy}`,
  );
}

function unfit(
  { directory }: CheckpointProbe,
  { executor, host }: ProbedProcess,
  what: string,
  options: Pick<EngineErrorOptions, "cause"> = {},
): EngineError {
  return notShared(`executor ${executor} on ${host} ${what}.`, { ...options, fields: { executor, host, directory } });
}

/** The code of the system, if it is a refusal of the system; the rest is in the cause. */
function reasonOf(error: unknown): string {
  const reason = error instanceof EngineError ? error.fields.reason : undefined;
  return typeof reason === "string" ? reason : clauseOf(describeThrown(error));
}

async function sweep(files: FileSystem, directory: Location, goes: (name: string) => boolean): Promise<void> {
  const folder = folderOf(directory);
  try {
    const found = ((await entriesOf(files, folder)) ?? []).filter(({ name }) => goes(name));
    await Promise.allSettled(found.map(({ path }) => files.remove(path)));
  } catch {
    // Leftovers are no part of a checkpoint, and the next run sees them.
  }
}

const folderOf = (directory: Location): Location => within(directory, "probe");
const pathOf = ({ directory, name }: CheckpointProbe): Location => within(folderOf(directory), name);
