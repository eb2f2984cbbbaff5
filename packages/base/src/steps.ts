import { channel } from "node:diagnostics_channel";

/**
 * What the processes of a job do for a batch, in the order of its life, each with what it leaves behind. Fault tests
 * strike before and after each of them; whatever is to survive a process must do so at any of them.
 *
 * - `received`: entries of the received log, with blocks that receivers have stored
 * - `acknowledge`: a receiver is told what is safe, so that it may tell its source
 * - `log.base`: all that counts, in a new segment of the batch log; when a job starts, and when the log has grown
 * - `log.planned`: an entry with the batch's input
 * - `task`: an attempt, from its arrival at the executor to its outcome on the way back
 * - `delta`, `snapshot`: a file of a state partition
 * - `staging`: a file that an attempt writes for an output
 * - `log.prepared`: an entry with all that the batch has prepared
 * - `publish`: one output becomes visible
 * - `log.committed`, `log.abandoned`: an entry with what came of the batch
 * - `release`: what no later batch looks back on is dropped
 */
export type StepName =
  | "received"
  | "acknowledge"
  | "log.base"
  | "log.planned"
  | "task"
  | "delta"
  | "snapshot"
  | "staging"
  | "log.prepared"
  | "publish"
  | "log.committed"
  | "log.abandoned"
  | "release";

/** A message on the channel {@link STEPS}. */
export interface BatchStep {
  readonly name: StepName;
  readonly when: "before" | "after";
  /** The file or directory that it is about, if it is about one. */
  readonly path: string | undefined;
}

/** A message on the channel {@link FILE_CHANGES}: a call that changes the file system follows. */
export interface FileChange {
  readonly path: string;
  /** What is about to be written at the end of the file, if that is what follows. */
  readonly chunk: Uint8Array | undefined;
  /** Set by a subscriber: the call is not made, and fails with this error of the system. */
  refusal: Error | undefined;
}

/** Channels of `node:diagnostics_channel`. Nothing in the engine subscribes to them. */
export const STEPS = "millrace:step";
export const FILE_CHANGES = "millrace:file-change";

const steps = channel(STEPS);
const changes = channel(FILE_CHANGES);

/** Says that a step follows. Without a subscriber, this costs one comparison. */
export function beforeStep(name: StepName, path?: string): void {
  if (steps.hasSubscribers) steps.publish({ name, when: "before", path } satisfies BatchStep);
}

/** Says that a step is done: what it leaves behind is there. Like {@link beforeStep}. */
export function afterStep(name: StepName, path?: string): void {
  if (steps.hasSubscribers) steps.publish({ name, when: "after", path } satisfies BatchStep);
}

/** Says that a call that changes a local file follows. @throws What a subscriber refuses it with. */
export function changingFile(path: string, chunk?: Uint8Array): void {
  if (!changes.hasSubscribers) return;
  const change: FileChange = { path, chunk, refusal: undefined };
  changes.publish(change);
  if (change.refusal !== undefined) throw change.refusal;
}
