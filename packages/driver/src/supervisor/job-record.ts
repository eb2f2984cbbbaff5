import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type JobId,
  jobId,
  type ProcessIdentity,
  parseDuration,
  type Timer,
  thrownMessage,
  type WireError,
} from "@millrace/base";
import * as v from "valibot";

// The format is described in docs/formats/data-directory.md.

const FILE = "job.json";
const FORMAT = 1;
/** What the record may be behind the batches by: it is not written with each. */
const COUNTED_WITHIN = parseDuration("5s");

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Other fields are those of `WireError`, which names no others that have to be there. */
const errorSchema = v.custom<WireError>(
  (value) => v.is(v.looseObject({ name: v.string(), message: v.string() }), value),
  "want an error",
);

/** What a supervisor has to know of a job that an earlier one ran. */
export interface JobRecord {
  /** Of the submission. */
  readonly name?: string | undefined;
  readonly fallbackName: string;
  readonly submittedAt: number;
  readonly args: readonly string[];
  readonly drop: readonly string[];
  readonly availableNow: boolean;
  readonly conf: Readonly<Record<string, string>>;
  /** Of all connections between its processes, whose executors outlive its driver. */
  readonly token: string;
  /** From when it was built. */
  readonly built?:
    | {
        readonly name: string;
        readonly batchIntervalMs: number;
        readonly stopTimeoutMs: number;
        readonly resumable: boolean;
        readonly restartsMax: number;
        /** The checkpoint directory. */
        readonly log?: string | undefined;
      }
    | undefined;
  /** Its last driver process. */
  readonly driver?: ProcessIdentity | undefined;
  /** The most that it had. */
  readonly executors: number;
  readonly counts: JobCounts;
  /** An operator has told it to end. */
  readonly stopping: boolean;
  /** `resumes`: its supervisor ended, and the next one goes on with it. */
  readonly end?:
    | {
        readonly state: "finished" | "failed" | "killed";
        readonly at: number;
        readonly error?: WireError | undefined;
        readonly resumes: boolean;
      }
    | undefined;
}

/** How much a job has done under all supervisors. */
export interface JobCounts {
  readonly completed: number;
  readonly failed: number;
  readonly spilledBytes: number;
  readonly restarts: number;
}

const recordSchema: v.GenericSchema<unknown, JobRecord> = v.object({
  name: v.optional(v.string()),
  fallbackName: v.string(),
  submittedAt: count,
  args: v.array(v.string()),
  drop: v.array(v.string()),
  availableNow: v.boolean(),
  conf: v.record(v.string(), v.string()),
  token: v.string(),
  built: v.optional(
    v.object({
      name: v.string(),
      batchIntervalMs: v.number(),
      stopTimeoutMs: v.number(),
      resumable: v.boolean(),
      restartsMax: count,
      log: v.optional(v.string()),
    }),
  ),
  driver: v.optional(v.object({ host: v.string(), machine: v.string(), pid: count, start: v.string() })),
  executors: count,
  stopping: v.boolean(),
  counts: v.object({ completed: count, failed: count, spilledBytes: count, restarts: count }),
  end: v.optional(
    v.object({
      state: v.picklist(["finished", "failed", "killed"]),
      at: count,
      error: v.optional(errorSchema),
      resumes: v.boolean(),
    }),
  ),
});

/** A job's folder in the data directory, as an earlier supervisor left it. */
interface FoundJob {
  readonly id: JobId;
  /** A text: why it cannot be read. */
  readonly record: JobRecord | string;
}

/** What changes of a job while it runs. */
export type JobChange = Partial<Pick<JobRecord, "built" | "driver" | "executors" | "stopping" | "end">>;

/** The record of a job that this supervisor runs. */
export class JobRecordFile {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #onError: (reason: string) => void;
  #counting: Timer | undefined;
  current: JobRecord;
  /** Resolves when all changes so far are written, or cannot be. */
  written: Promise<void> = Promise.resolve();
  /** Writing the current one is due already. */
  #due = false;

  constructor(
    directory: string,
    record: JobRecord,
    { clock, onError }: { readonly clock: Clock; readonly onError: (reason: string) => void },
  ) {
    this.#directory = directory;
    this.current = record;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** @throws The errors of the file system. */
  create(): Promise<void> {
    return this.#write();
  }

  /** Writes them within {@link COUNTED_WITHIN}. */
  count(counts: JobCounts): void {
    this.current = { ...this.current, counts };
    this.#counting ??= this.#clock.after(COUNTED_WITHIN, () => this.change({ counts: this.current.counts }));
  }

  change(change: JobChange & Pick<JobRecord, "counts">): void {
    this.current = { ...this.current, ...change };
    this.#counting?.cancel();
    this.#counting = undefined;
    if (this.#due) return;
    this.#due = true;
    this.written = this.written
      .then(() => this.#write())
      .catch((error: unknown) => this.#onError(thrownMessage(error)));
  }

  /** A reader finds either the old record or the new one. */
  async #write(): Promise<void> {
    this.#due = false;
    const temporary = join(this.#directory, `${FILE}.tmp`);
    const text = JSON.stringify({ format: FORMAT, ...this.current }, undefined, 2);
    await writeFile(temporary, `${text}\n`, { mode: 0o600 }); // with the token, and arguments may be secret
    await rename(temporary, join(this.#directory, FILE));
  }
}

/** The jobs of a data directory, in the order in which they were submitted. A folder without a record was never accepted. */
export async function findJobs(jobs: string): Promise<readonly FoundJob[]> {
  const entries = await readdir(jobs, { withFileTypes: true }).catch(() => []); // none was ever submitted
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => ({ name, record: await read(join(jobs, name)) })),
  );
  const at = ({ record }: { readonly record: JobRecord | string }): number =>
    typeof record === "string" ? 0 : record.submittedAt;
  return found
    .flatMap(({ name, record }) => (record === undefined ? [] : [{ id: jobId(name), record }]))
    .sort((a, b) => at(a) - at(b));
}

async function read(directory: string): Promise<JobRecord | string | undefined> {
  const path = join(directory, FILE);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    return `${path} cannot be read: ${thrownMessage(error)}`;
  }
  const format = v.safeParse(v.object({ format: count }), value);
  if (format.success && format.output.format > FORMAT)
    return `${path} has format ${format.output.format}, and this release of millrace reads ${FORMAT}`;
  const parsed = v.safeParse(recordSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return `${path} is not a job's record: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`;
}
