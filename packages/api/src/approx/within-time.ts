import { type DurationLike, parseDuration, thrownMessage } from "@millrace/base";
import type { ActionSink, Lineage } from "@millrace/plan";
import { resolveSources, runAction } from "../action/action.ts";
import { badArgument } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import { decodeRecords } from "../source/collection.ts";
import { taskFailedLate } from "../warnings.ts";
import type { Seen } from "./bounded-double.ts";

/** The timeout of an approximate action, and the confidence of its bounds. */
export interface Patience {
  readonly timeout: DurationLike;
  readonly confidence: number;
}

interface ApproximateAction<R> extends Patience {
  readonly name: string;
  readonly target: Lineage;
  readonly sink: ActionSink;
  /** Adds the result of a partition. */
  readonly add: (records: readonly R[]) => void;
}

/**
 * Runs an action partition by partition until its timeout, and reports how many partitions were processed. Running
 * tasks are not awaited then, but finish before the batch does.
 */
export async function withinTime<R>(context: JobContext, action: ApproximateAction<R>): Promise<Seen> {
  const { name, target, sink } = action;
  const timeoutMs = parseDuration(action.timeout, `the timeout of ${name}`);
  checkConfidence(action.confidence, name);
  context.requireBatch(name);
  await resolveSources(target);
  const total = context.planner.layout().partitions(target);
  const state = { next: 0, seen: 0, over: false };
  const work = async (): Promise<void> => {
    while (!state.over && state.next < total) {
      const blocks = await runAction(context, { name, target, sink, partitions: [state.next++] });
      if (state.over) return;
      for (const block of blocks) action.add(decodeRecords<R>(context, block));
      state.seen += 1;
    }
  };
  const workers = Array.from({ length: Math.min(total, context.defaultParallelism) }, work);
  try {
    await untilDoneOrLate(context, Promise.all(workers), timeoutMs, name);
  } finally {
    state.over = true;
  }
  return { partitions: state.seen, total };
}

/** @throws Errors of the work before the timeout; later ones are reported to the operator. */
async function untilDoneOrLate(
  context: JobContext,
  work: Promise<unknown>,
  timeoutMs: ReturnType<typeof parseDuration>,
  name: string,
): Promise<void> {
  let late = false;
  await new Promise<void>((resolve, reject) => {
    const timer = context.port.clock.after(timeoutMs, () => {
      late = true;
      resolve();
    });
    const fail = (error: unknown): void => {
      timer.cancel();
      if (late)
        context.port.warn(
          taskFailedLate(
            name,
            `a task of ${name} failed after the timeout, when its result had been returned: ${thrownMessage(error)}`,
          ),
        );
      else reject(error);
    };
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(done, fail);
  });
}

/** @throws BAD_ARGUMENT */
function checkConfidence(confidence: unknown, name: string): void {
  if (typeof confidence === "number" && confidence >= 0 && confidence <= 1) return;
  throw badArgument(`the confidence of ${name} is ${String(confidence)}; it must be a number from 0 to 1.`);
}
