import {
  type Clock,
  type EngineError,
  type ErrorFactory,
  errorKind,
  formatDuration,
  type Millis,
  processInWords,
  type WarningFactory,
  type WarningSink,
  warningKind,
} from "@millrace/base";
import type { FileSystem, Location } from "@millrace/files";
import type { LeaseRecord } from "@millrace/plan";
import { checkpointTaken, newestEpoch } from "@millrace/storage/batch-log";
import { HeldLease } from "./held-lease.ts";
import type { Processes } from "./processes.ts";

const inUse: ErrorFactory = errorKind("CHECKPOINT_IN_USE", "user");
const awaited: WarningFactory = warningKind("CHECKPOINT_AWAITED", { lasting: true });

/** What it takes to own a checkpoint directory. */
export interface CheckpointOwner {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly sink: WarningSink;
  /** Another owner has followed: the job must end. */
  readonly onLost: (error: EngineError) => void;
}

/**
 * Becomes the owner of a checkpoint directory.
 *
 * @param job Its name.
 * @throws CHECKPOINT_IN_USE, and the errors of the file system.
 */
export async function ownCheckpoint(
  files: FileSystem,
  directory: Location,
  { job, lease, owner }: { readonly job: string; readonly lease: Millis; readonly owner: CheckpointOwner },
): Promise<HeldLease> {
  const { clock, processes, sink, onLost } = owner;
  const epochAfter = await newestEpoch({ files, directory });
  const what = `the job ${JSON.stringify(job)}`;
  return HeldLease.acquire(
    { files, directory, what, lease, epochAfter, clock, processes },
    {
      onWaiting: (other, leftMs) =>
        sink.warn(
          awaited(
            directory,
            `the checkpoint directory ${directory} belongs to ${ownerOf(other)}, which does not renew its lease. ` +
              `The job waits for the lease to expire, ${inWords(leftMs)} at most, and goes on from there; if that process lives, it is not started.`,
          ),
        ),
      onWaitOver: () => sink.warningOver({ subject: directory, message: undefined }),
      refused: (other, leftMs) =>
        inUse(
          `the checkpoint directory ${directory} belongs to ${ownerOf(other)}${sinceOf(other)}. Its lease holds for another ${inWords(leftMs)}, and that process renews it. ` +
            "This job is not started. Stop the other one first (`millrace stop`, or Ctrl-C where it runs), or give this one a directory of its own.",
          { fields: { directory, ...fieldsOf(other) } },
        ),
      lost: (other) =>
        checkpointTaken(
          `this process did not renew its lease of the checkpoint directory ${directory} for ${inWords(lease)}: it was paused, or could not reach it. ` +
            `${other === undefined ? "It has lost it" : `Meanwhile ${ownerOf(other)} has taken it over`}. This run of the job is stopped, and nothing more of it becomes visible: ` +
            "the other one goes on from the batch log, and loses and repeats nothing. If pauses of this length are to be expected, raise checkpoint.lease.",
          { fields: { directory, ...fieldsOf(other) } },
        ),
      onLost,
    },
  );
}

function ownerOf(record: LeaseRecord | undefined): string {
  return record === undefined ? "somebody else" : `${record.owner.what} (${processInWords(record.owner.process)})`;
}

function sinceOf(record: LeaseRecord | undefined): string {
  return record === undefined ? "" : ` since ${new Date(record.since).toISOString()}`;
}

function fieldsOf(record: LeaseRecord | undefined): Readonly<Record<string, string | number>> {
  if (record === undefined) return {};
  const { pid, host } = record.owner.process;
  return { owner: record.owner.what, pid, host, epoch: record.epoch };
}

const inWords = (ms: number): string => formatDuration(Math.ceil(ms));
