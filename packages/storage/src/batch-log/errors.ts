import { type EngineError, type ErrorFactory, errorKind } from "@millrace/base";

const damaged: ErrorFactory = errorKind("CHECKPOINT_DAMAGED", "environment");
const newer: ErrorFactory = errorKind("CHECKPOINT_NEWER", "user");
const older: ErrorFactory = errorKind("CHECKPOINT_OLDER", "user");
const otherJob: ErrorFactory = errorKind("CHECKPOINT_OTHER_JOB", "user");
const otherInterval: ErrorFactory = errorKind("CHECKPOINT_OTHER_INTERVAL", "user");

/** @param why What of the file is wrong. */
export function checkpointDamaged(path: string, why: string): EngineError {
  return damaged(
    `the batch log ${path} is damaged: ${why}. The job is not started, since it could lose or repeat batches. ` +
      "Restore the checkpoint directory from a copy, or start the job with an empty one.",
    { fields: { path } },
  );
}

export function checkpointNewer(path: string, why: string): EngineError {
  return newer(
    `the batch log ${path} was written by a newer version of Millrace: ${why}. The job is not started. ` +
      "Run that version, or start the job with an empty checkpoint directory.",
    { fields: { path } },
  );
}

export function checkpointOlder(path: string, why: string): EngineError {
  return older(
    `the batch log ${path} was written by an older version of Millrace, whose format this one does not read: ${why}. The job is not started. ` +
      "Run the version that wrote it, or start the job with an empty checkpoint directory.",
    { fields: { path } },
  );
}

export function checkpointOtherJob(directory: string, found: string, job: string): EngineError {
  return otherJob(
    `the checkpoint directory ${directory} belongs to the job ${JSON.stringify(found)}, and this one is ${JSON.stringify(job)}. It is not started. ` +
      `Give each job a directory of its own; if it is the same job under a new name, name it ${JSON.stringify(found)} again in defineJob, or submit it with --name.`,
    { fields: { directory, found, job } },
  );
}

export function checkpointOtherInterval(directory: string, found: string, interval: string): EngineError {
  return otherInterval(
    `the batches in the checkpoint directory ${directory} are ${found} apart, and the job's batch interval is now ${interval}. It is not started, since ` +
      `batch times would not continue. Set batchInterval to ${found} again, or start the job with an empty checkpoint directory.`,
    { fields: { directory, found, interval } },
  );
}
