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

/** Why a checkpoint directory is to be owned, in words. */
export interface OwnedFor {
  /** `the job "totals"` */
  readonly what: string;
  /** `This job is not started.` */
  readonly refused: string;
  /** `This run of the job is stopped, and …`: what becomes of it if another owner has followed. */
  readonly lost: string;
}

interface LeaseRequest {
  readonly lease: Millis;
  readonly owner: CheckpointOwner;
  readonly epochAfter?: number;
}

/**
 * Becomes the owner of the checkpoint directory of a job.
 *
 * @param request.job Its name.
 * @throws The errors of {@link ownCheckpointFor}.
 */
export function ownCheckpoint(
  files: FileSystem,
  directory: Location,
  { job, ...request }: LeaseRequest & { readonly job: string },
): Promise<HeldLease> {
  const owned = {
    what: `the job ${JSON.stringify(job)}`,
    refused: "This job is not started.",
    lost: "This run of the job is stopped, and nothing more of it becomes visible: the other one goes on from the batch log, and loses and repeats nothing.",
  };
  return ownCheckpointFor(files, directory, { ...request, owned });
}

/**
 * Becomes the owner of a checkpoint directory.
 *
 * @param request.epochAfter The epoch of this owner is higher than that, too: it takes files of such an epoch from elsewhere.
 * @throws CHECKPOINT_IN_USE, and the errors of the file system.
 */
export async function ownCheckpointFor(
  files: FileSystem,
  directory: Location,
  request: LeaseRequest & { readonly owned: OwnedFor },
): Promise<HeldLease> {
  const { owned, lease, owner } = request;
  const { what } = owned;
  const { clock, processes, sink, onLost } = owner;
  const epochAfter = Math.max(request.epochAfter ?? 0, await newestEpoch({ files, directory }));
  return HeldLease.acquire(
    { files, directory, what, lease, epochAfter, clock, processes },
    {
      onWaiting: (other, leftMs) =>
        sink.warn(
          awaited(
            directory,
            `the checkpoint directory ${directory} belongs to ${ownerOf(other)}, which does not renew its lease. ` +
              `It is waited for: the lease expires in ${inWords(leftMs)} at most. If that process lives, nothing is started.`,
          ),
        ),
      onWaitOver: () => sink.warningOver({ subject: directory, message: undefined }),
      refused: (other, leftMs) =>
        inUse(
          `the checkpoint directory ${directory} belongs to ${ownerOf(other)}${sinceOf(other)}. Its lease holds for another ${inWords(leftMs)}, and that process renews it. ` +
            `${owned.refused} Stop the other one first (\`millrace stop\`, or Ctrl-C where it runs), or give this one a directory of its own.`,
          { fields: { directory, ...fieldsOf(other) } },
        ),
      lost: (other) =>
        checkpointTaken(
          `this process did not renew its lease of the checkpoint directory ${directory} for ${inWords(lease)}: it was paused, or could not reach it. ` +
            `${other === undefined ? "It has lost it" : `Meanwhile ${ownerOf(other)} has taken it over`}. ${owned.lost} ` +
            "If pauses of this length are to be expected, raise checkpoint.lease.",
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
