import type { JobId } from "@millrace/base";
import type { JobSummary } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";
import { type Console, tell } from "./console.ts";
import { describeWireFailure } from "./failure.ts";

/** Why a job failed, on standard error, after its log. Jobs that ended well, or still run, print nothing. */
export function tellFailure(console: Console, job: JobSummary, verbose: boolean): void {
  if (job.error === undefined) return;
  tell(console, `job ${job.id} is ${job.state}`);
  console.err(describeWireFailure(job.error, verbose));
}

/** A job that was asked to end. */
export interface AskedJob {
  readonly job: JobSummary;
  /** It had already ended. */
  readonly already: boolean;
}

export async function askToEnd(operator: OperatorClient, id: JobId, how: "stop" | "kill"): Promise<AskedJob> {
  const before = await operator.status(id);
  if (before.endedAt !== undefined) return { job: before, already: true };
  await operator[how](id);
  return { job: await operator.status(id), already: false };
}

/** For a job that had already ended: says so, and how it ended. */
export function tellEndedAlready(console: Console, job: JobSummary): void {
  const how = job.error === undefined ? job.state : `${job.state}: ${describeWireFailure(job.error, false).trimEnd()}`;
  tell(console, `job ${job.id} has already ended: it is ${how}`);
}
