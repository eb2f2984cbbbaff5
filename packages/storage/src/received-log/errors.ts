import { type EngineError, type ErrorFactory, errorKind } from "@millrace/base";

const damaged: ErrorFactory = errorKind("RECEIVED_LOG_DAMAGED", "environment");
const newer: ErrorFactory = errorKind("RECEIVED_LOG_NEWER", "user");

/** @param why What of the segment is wrong. */
export function receivedLogDamaged(path: string, why: string): EngineError {
  return damaged(
    `the received log's segment ${path} is damaged: ${why}. What needs it fails, since records that were acknowledged would be left out. ` +
      "Restore the file from a copy; or remove it, and with it the records that were received and not yet processed.",
    { fields: { path } },
  );
}

export function receivedLogNewer(path: string, why: string): EngineError {
  return newer(
    `the received log's segment ${path} was written by a newer version of Millrace: ${why}. The job is not started. ` +
      "Run that version, or start the job with an empty checkpoint directory.",
    { fields: { path } },
  );
}
