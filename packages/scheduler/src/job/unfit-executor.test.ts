import { executorId, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { checkJobLife, type JobLife, jobLife, stepJobLife } from "./job-life.ts";
import type { JobLifeEvent } from "./job-life-events.ts";

const unfit: JobLifeEvent = {
  type: "executorUnfit",
  executor: executorId("e2"),
  error: { name: "EngineError", message: "[CHECKPOINT_NOT_SHARED] executor e2 does not see it." },
};
const ready = (count: number): JobLifeEvent => ({ type: "executors", ready: count, slots: count, at: 0 });

/** A job that has been built, and expects two executors. */
function job({ resumes }: { readonly resumes: boolean }): JobLife {
  const state = jobLife({ executors: 2, gather: millis(10_000), parallelismMin: 2 });
  const settings = { stopTimeout: millis(60_000), parallelism: 0, resumes };
  stepJobLife(state, { type: "built", settings, at: 0 });
  stepJobLife(state, ready(1));
  return state;
}

function messages(state: JobLife): readonly string[] {
  const effects = stepJobLife(state, unfit);
  checkJobLife(state);
  return effects.flatMap((effect) => {
    if (effect.type === "warning") return [`warning: ${effect.warning.message}`];
    return effect.type === "ended" && effect.end.state === "failed" ? [`failed: ${effect.end.error.message}`] : [];
  });
}

describe("an executor that cannot be used", () => {
  const why = "[CHECKPOINT_NOT_SHARED] executor e2 does not see it.";
  const leftOut = `warning: ${why} The job does not use this executor, and tries it again after a pause.`;

  test("is the reason why a job does not begin", () => {
    expect(messages(job({ resumes: false }))).toEqual([`failed: ${why} The job is not started.`]);
  });

  test("is left out by a job that goes on from its checkpoint", () => {
    expect(messages(job({ resumes: true }))).toEqual([leftOut]);
  });

  test("is left out by a job that runs", () => {
    const state = job({ resumes: false });
    stepJobLife(state, ready(2));
    expect(messages(state)).toEqual([leftOut]);
  });
});
