import { type Brand, branded } from "./brand.ts";
import { type ErrorFactory, errorKind } from "./errors.ts";

/** Names one executor process for as long as its machine keeps it, across reconnections. */
export type ExecutorId = Brand<string, "ExecutorId">;
/** Names one submitted job. */
export type JobId = Brand<string, "JobId">;

/** Names an input stream that has a receiver, within its job: the receiver and the blocks it has received. */
export type StreamId = Brand<number, "StreamId">;

const badIdentifier: ErrorFactory = errorKind("BAD_IDENTIFIER", "user");

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

function checked(what: string, text: string): string {
  if (NAME.test(text)) return text;
  throw badIdentifier(
    `${what} ${JSON.stringify(text)} must be 1 to 63 characters of a-z, 0-9 and "-". Choose another.`,
  );
}

export const executorId = (text: string): ExecutorId => branded<ExecutorId>(checked("executor id", text));
export const streamId = (n: number): StreamId => branded<StreamId>(n);
export const jobId = (text: string): JobId => branded<JobId>(checked("job id", text));
