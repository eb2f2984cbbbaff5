/** What a run of a job found in the log of its checkpoint directory. Times are batch times. */
export interface ResumedSummary {
  /** State was imported, and no job has run on it before: it begins anew with that. */
  readonly imported: boolean;
  /** The last batch that was committed; `undefined`: none was. */
  readonly committed: number | undefined;
  /** The intervals from the job's first batch to that one. */
  readonly batches: number;
  /** A batch that was planned and is not committed: it runs again, or, if it is prepared, its commit is finished. */
  readonly pending: { readonly time: number; readonly prepared: boolean } | undefined;
  /** Ticks that came while the job did not run. */
  readonly missed: number;
  /** One batch stands for all of them. */
  readonly together: boolean;
}

/** `resumed from DIR after batch …`, or that it begins anew. */
export function beginInWords(log: {
  readonly directory: string;
  readonly resumed: ResumedSummary | undefined;
}): string {
  const { directory, resumed } = log;
  if (resumed === undefined) return `begins anew: ${directory} has no log of an earlier run`;
  const { imported, committed, batches, pending, missed, together } = resumed;
  if (imported) return `begins with the state that was imported into ${directory}`;
  const at = (time: number): string => new Date(time).toISOString();
  const last =
    committed === undefined
      ? "no batch was committed"
      : `last batch ${at(committed)}, ${many(batches, "interval")} after the job's first start`;
  const next = pending && `batch ${at(pending.time)} ${pending.prepared ? "to be committed" : "to run again"}`;
  const how = together && missed > 1 ? "in one batch" : "to catch up with";
  const ticks = missed === 0 ? undefined : `${many(missed, "missed tick")} ${how}`;
  return `resumed from ${directory}: ${[last, next, ticks].filter((part) => part !== undefined).join(", ")}`;
}

const many = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;
