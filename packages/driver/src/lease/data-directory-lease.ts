import { resolve } from "node:path";
import {
  type Clock,
  type EngineError,
  type ErrorFactory,
  errorKind,
  formatDuration,
  type Logger,
  parseDuration,
  processInWords,
  usableDirectory,
} from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { LeaseRecord } from "@millrace/plan";
import { LocalFileSystem } from "@millrace/storage";
import { HeldLease } from "./held-lease.ts";
import { type Processes, realProcesses } from "./processes.ts";

const inUse: ErrorFactory = errorKind("DIRECTORY_IN_USE", "user");
const taken: ErrorFactory = errorKind("DIRECTORY_TAKEN", "environment");

/** A driver that is paused for longer than this may be replaced by another one. */
const LEASE = parseDuration("10s");

/**
 * Becomes the owner of a driver's data directory, at once or when the lease of a driver that is gone has expired.
 *
 * @param onLost Another driver has followed, since this one was paused: it must end.
 * @throws DIRECTORY_UNUSABLE, DIRECTORY_IN_USE
 */
export async function ownDataDirectory(
  dataDir: string,
  {
    clock,
    log,
    processes = realProcesses(),
    onLost,
  }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly processes?: Processes;
    readonly onLost: (error: EngineError) => void;
  },
): Promise<HeldLease> {
  usableDirectory(dataDir, "--data-dir");
  const path = resolve(dataDir);
  return HeldLease.acquire(
    {
      files: new LocalFileSystem(),
      directory: locationFrom(path),
      what: "the driver",
      lease: LEASE,
      epochAfter: 0,
      clock,
      processes,
    },
    {
      onWaiting: (other, leftMs) =>
        log.warn(
          `${path} belongs to ${ownerOf(other)}, which does not renew its lease: waiting ${formatDuration(leftMs)} at most for it to expire`,
        ),
      onWaitOver: () => undefined,
      refused: (other, leftMs) =>
        inUse(
          `${path} is in use by ${ownerOf(other)}, whose lease holds for another ${formatDuration(leftMs)} and is renewed. Nothing was started. ` +
            "Give another directory with --data-dir, or stop that driver first.",
          { fields: { path, ...fieldsOf(other) } },
        ),
      lost: (other) =>
        taken(
          `this driver did not renew its lease of ${path} for ${formatDuration(LEASE)}: it was paused, or could not write there. ` +
            `${other === undefined ? "It has lost it" : `Meanwhile ${ownerOf(other)} has taken it over`}. This driver ends, and its jobs with it. ` +
            "Let one driver at a time run on a data directory.",
          { fields: { path, ...fieldsOf(other) } },
        ),
      onLost,
    },
  );
}

function ownerOf(record: LeaseRecord | undefined): string {
  return record === undefined ? "another driver" : `${record.owner.what} (${processInWords(record.owner.process)})`;
}

function fieldsOf(record: LeaseRecord | undefined): Readonly<Record<string, string | number>> {
  if (record === undefined) return {};
  const { pid, host } = record.owner.process;
  return { pid, host };
}
