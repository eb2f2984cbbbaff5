import { epochMs, executorId } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import {
  type LaunchTask,
  type PlannedStage,
  type StateVersion,
  shuffleId,
  stageRunId,
  versionName,
} from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { TaskEvent } from "./task-events.ts";
import { NO_TALLY, Script, stageOf } from "./task-script.fixture.ts";

/** A script in which tasks report the versions that they wrote. */
class StateScript extends Script {
  readonly launched: LaunchTask[] = [];

  override step(...events: readonly TaskEvent[]): readonly string[] {
    const lines = super.step(...events);
    for (const effect of this.last) if (effect.type === "launch") this.launched.push(effect.task);
    return lines;
  }

  /** The newest launched attempt of the task succeeds. @param state `undefined`: it has changed nothing. */
  ok(run: number, partition: number, executor: string, state: StateVersion | undefined): readonly string[] {
    const task = this.launched.findLast((one) => one.run === run && one.partition === partition);
    if (task === undefined) throw new Error(`task ${run}/${partition} is not launched`);
    const wrote = { ...NO_TALLY, ...(state === undefined ? {} : { state }) };
    const writes = this.state.stages.get(stageRunId(run))?.planned.writes;
    return this.step({
      type: "taskReported",
      executor: executorId(executor),
      task,
      outcome:
        writes === undefined
          ? { kind: "result", result: { kind: "inline", block: new Uint8Array() }, ...wrote }
          : { kind: "mapOutput", bytes: [1], checksum: 0, ...wrote },
    });
  }

  /** The version that the newest attempt of a task may write. */
  writes(run: number, partition: number): StateVersion | undefined {
    return this.launched.findLast((one) => one.run === run && one.partition === partition)?.state?.writes;
  }

  /** What the last plan has made of state. */
  get states(): readonly string[] {
    const done = this.last.find((effect) => effect.type === "planDone");
    if (done?.type !== "planDone") return ["no plan is done"];
    return done.states.map(
      ({ operator, partition, version }) => `${operator}/${partition} ${version ? versionName(version) : "as it was"}`,
    );
  }
}

const at = (attempt: number): StateVersion => ({ batch: epochMs(1_000), attempt, epoch: 1 });

/** A stage that reads the state which the map tasks of shuffle 7 have updated. */
function reader(run: number): PlannedStage {
  return {
    ...stageOf(`${run}<7x1`),
    tasks: [
      {
        partition: 0,
        template: 0,
        inputs: [{ kind: "mapOutput", shuffle: shuffleId(7), map: 0 }],
        state: {
          ...{ operator: "totals", partition: 0, partitions: 1, directory: locationFrom("/state") },
          ...{ head: OLD, first: false, oldest: epochMs(0), batch: epochMs(1_000) },
          after: { shuffle: shuffleId(7), map: 0 },
        },
      },
    ],
  };
}
const OLD: StateVersion = { batch: epochMs(500), attempt: 9, epoch: 1 };

describe("every attempt that may write state has a version of its own", () => {
  test("whether its task is retried, its executor is lost, or another output needs it again", () => {
    const s = new StateScript();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~totals", "fail 1/0#0 e1", "lost e1", "ok 1/0#2 e2");
    s.after("submit 2 2x1~totals");
    expect(s.launched.map(({ run, attempt, state }) => [run, attempt, state?.writes])).toEqual([
      [1, 0, at(0)],
      [1, 1, at(1)],
      [1, 2, at(2)],
      [2, 0, at(3)],
    ]);
  });

  test("though a plan whose result was lost is submitted again, and counts its attempts anew", () => {
    const s = new StateScript();
    s.after("join e1 1", "submit 1 1x1~totals", "ok 1/0#0 e1", "submit 2 1x1~totals");
    expect(s.launched.map(({ attempt, state }) => [attempt, state?.writes?.attempt])).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });
});

describe("a plan that is done says what it made of state", () => {
  test("for each partition, by what its task has reported", () => {
    const s = new StateScript();
    s.after("join e1 2", "submit 1 1x2~totals");
    s.ok(1, 0, "e1", at(0));
    s.ok(1, 1, "e1", undefined);
    expect(s.states).toEqual(["totals/0 1000-0-1", "totals/1 as it was"]);
  });

  test("with the version of the attempt that counts", () => {
    const s = new StateScript();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~totals", "lost e1", "ok 1/0#0 e1");
    s.ok(1, 0, "e2", s.writes(1, 0));
    expect(s.states).toEqual(["totals/0 1000-1-1"]);
  });

  test("with the newest, if an update ran again for a later output", () => {
    const s = new StateScript();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1~totals 2<7x1");
    s.ok(1, 0, "e1", at(0));
    s.after("ok 2/0#0 e1");
    expect(s.states).toEqual(["totals/0 1000-0-1"]);
    s.after("lost e1", "submit 2 3<7x1");
    s.ok(1, 0, "e2", s.writes(1, 0));
    s.after("ok 3/0#0 e2");
    expect(s.states).toEqual(["totals/0 1000-1-1"]);
  });

  test("and nothing of an earlier batch that was recomputed", () => {
    const s = new StateScript();
    const earlier = stageOf("1>7:1x1~totals");
    const tasks = earlier.tasks.map((task) => ({
      ...task,
      ...(task.state === undefined ? {} : { state: { ...task.state, batch: epochMs(500) } }),
    }));
    s.after("join e1 1");
    s.submit(1, { ...earlier, tasks }, "2<7x1");
    s.ok(1, 0, "e1", OLD);
    s.after("ok 2/0#0 e1");
    expect(s.states).toEqual([]);
  });
});

describe("a task that reads the state of its batch", () => {
  const headOf = (s: StateScript, run: number) => s.launched.findLast((task) => task.run === run)?.state;

  test("reads the version that the update has written, and writes none", () => {
    const s = new StateScript();
    s.after("join e1 1");
    s.submit(1, "1>7:1x1~totals", reader(2));
    s.ok(1, 0, "e1", at(0));
    expect(headOf(s, 2)).toMatchObject({ head: at(0), writes: undefined });
  });

  test("reads the version before, if the update changed nothing", () => {
    const s = new StateScript();
    s.after("join e1 1");
    s.submit(1, "1>7:1x1~totals", reader(2));
    s.ok(1, 0, "e1", undefined);
    expect(headOf(s, 2)).toMatchObject({ head: OLD, writes: undefined });
  });

  test("reads what the newest attempt has written", () => {
    const s = new StateScript();
    s.after("join e1 1", "join e2 1");
    s.submit(1, "1>7:1x1~totals", reader(2));
    s.ok(1, 0, "e1", at(0));
    s.after("lost e1");
    s.ok(1, 0, "e2", at(2));
    expect(headOf(s, 2)).toMatchObject({ head: at(2) });
  });
});
