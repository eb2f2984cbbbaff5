import {
  type Deferred,
  deferred,
  epochMs,
  executorId,
  jobId,
  ManualClock,
  millis,
  parseConf,
  silentLogger,
} from "@millrace/base";
import {
  blockId,
  type PlannedStage,
  type StageRunId,
  type StageTemplate,
  stageRunId,
  TEMPLATES_MAX,
  type TemplateId,
} from "@millrace/plan";
import { type DriverSession, type FromExecutor, PROTOCOL_VERSION, sessionPair } from "@millrace/rpc";
import { beforeEach, describe, expect, test } from "vitest";
import { Executors } from "./executors.ts";

const JOB = jobId("job-1");
const EXECUTOR = executorId("e-1");
const HEARTBEAT: FromExecutor = { type: "heartbeat", rssBytes: 0, poolBytes: 0, blocks: 0, spilledBytes: 0 };

let clock: ManualClock;
let lost: string[];
let executors: Executors;
let executor: ModelExecutor;
let ready: Deferred<void>;
let heard: Deferred<void> | undefined;
let settled: Deferred<void>;

/** A model of an executor's memory; messages out of order fail the test. */
class ModelExecutor {
  readonly session: DriverSession;
  readonly templates = new Set<TemplateId>();
  readonly sent = new Map<TemplateId, number>();
  readonly stages = new Map<StageRunId, readonly TemplateId[]>();
  /** Tasks launched while everything they need was here. */
  launched = 0;
  dropped = 0;
  most = 0;
  /** Launches and cancels, by the runs of their stages. */
  readonly told: string[] = [];

  constructor(session: DriverSession) {
    this.session = session;
    session.onMessage((message) => {
      switch (message.type) {
        case "template":
          expect(this.templates.has(message.template.id)).toBe(false);
          this.templates.add(message.template.id);
          this.sent.set(message.template.id, (this.sent.get(message.template.id) ?? 0) + 1);
          this.most = Math.max(this.most, this.templates.size);
          return;
        case "dropTemplates":
          for (const id of message.templates) expect(this.templates.delete(id)).toBe(true);
          this.dropped += message.templates.length;
          return;
        case "stage":
          this.stages.set(message.run, message.templates);
          return;
        case "stageDone":
          this.stages.delete(message.run);
          return;
        case "launch":
          this.told.push(`launch ${message.tasks.map(({ run }) => run)}`);
          for (const { run } of message.tasks) {
            const templates = this.stages.get(run);
            expect(templates?.every((id) => this.templates.has(id))).toBe(true);
            this.launched += 1;
          }
          return;
        case "cancel":
          this.told.push(`cancel ${message.task.run}`);
          return;
      }
    });
    const data = { host: "127.0.0.1", port: 2 };
    session.send({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      job: JOB,
      executor: EXECUTOR,
      slots: 1,
      data,
      pid: 1,
      zone: "UTC",
    });
    session.send({ type: "ready" });
  }

  /** The driver has received all of it. */
  async say(...messages: FromExecutor[]): Promise<void> {
    heard = deferred();
    for (const message of messages) this.session.send(message);
    await heard.promise;
  }
}

async function join(): Promise<ModelExecutor> {
  ready = deferred();
  const { driverEnd, executorEnd } = sessionPair();
  executors.accept(driverEnd);
  const joined = new ModelExecutor(executorEnd);
  await ready.promise;
  return joined;
}

beforeEach(async () => {
  clock = new ManualClock(epochMs(0));
  lost = [];
  settled = deferred();
  executors = new Executors({
    job: JOB,
    clock,
    log: silentLogger(),
    warn: () => undefined,
    onReady: () => ready.resolve(),
    onUnfit: () => undefined,
    onLeaving: () => undefined,
    onLost: (id, error) => lost.push(`${id}: ${error.message}`),
    onMessage: () => heard?.resolve(),
    onAllSettled: () => settled.resolve(),
  });
  executors.open({
    conf: parseConf({ "executor.timeout": "10s" }),
    artefact: { id: blockId("artefact"), bytes: 0, at: [] },
    data: { host: "127.0.0.1", port: 1 },
    receivedLog: undefined,
    probe: undefined,
  });
  executor = await join();
});

describe("an executor that says nothing for executor.timeout", () => {
  test("is lost", () => {
    clock.advance(millis(10_000));
    expect(lost).toEqual([]);
    clock.advance(millis(2_500));
    expect(lost).toEqual([expect.stringContaining("[EXECUTOR_LOST] executor e-1 sent nothing")]);
  });

  test("is not lost because this process stood still, or all of them did", async () => {
    clock.advance(millis(1_000));
    clock.standStill(millis(60_000));
    expect(lost).toEqual([]);
    await executor.say(HEARTBEAT); // it was still in the socket
    clock.advance(millis(9_000));
    expect(lost).toEqual([]);
    clock.advance(millis(5_000));
    expect(lost).toHaveLength(1);
  });
});

describe("executors have settled", () => {
  test("when each has said so", async () => {
    executors.settle();
    executor.session.send({ type: "settled" });
    await settled.promise;
  });

  test("when those that have not are gone", async () => {
    executors.settle();
    executor.session.close();
    await settled.promise;
  });
});

const template = (id: string): StageTemplate => ({
  id: id as TemplateId, // a name is enough here
  pipeline: { source: { kind: "blocks", input: 0 }, ops: [] },
  sink: { kind: "count" },
  functions: [],
});

function launch(run: number, ...templates: readonly StageTemplate[]): void {
  const stage: PlannedStage = {
    run: stageRunId(run),
    name: "stage",
    templates,
    captures: templates.map(() => new Uint8Array(0)),
    broadcasts: [],
    tasks: [],
    partitions: 1,
    reads: [],
    writes: undefined,
  };
  const task = { run: stage.run, partition: 0, attempt: 0, template: 0, inputs: [], slot: 0 };
  executors.launch(EXECUTOR, stage, epochMs(1_000), task);
}

test("a task is launched before it is cancelled, though launches of one turn travel together", async () => {
  launch(1, template("t"));
  executors.send(EXECUTOR, { type: "cancel", task: { run: stageRunId(1), partition: 0, attempt: 0 } });
  launch(2, template("t"));
  await executor.say(HEARTBEAT);
  expect(executor.told).toEqual(["launch 1", "cancel 1", "launch 2"]);
});

describe("templates", () => {
  const steady = template("steady");

  test("of thousands of stages are dropped in time, but for the one that all of them use", async () => {
    const stages = 2 * TEMPLATES_MAX;
    for (let run = 0; run < stages; run++) {
      launch(run, steady, template(`t${run}`));
      await executor.say(HEARTBEAT);
      executors.stageDone(stageRunId(run));
    }
    launch(stages, template("t0")); // at once, behind what is to be dropped
    await executor.say(HEARTBEAT);
    expect(executor.launched).toBe(stages + 1);
    expect(executor.sent.get(steady.id)).toBe(1);
    expect(executor.sent.get(template("t0").id)).toBe(2); // it was evicted
    expect(executor.dropped).toBeGreaterThan(TEMPLATES_MAX - 10);
    expect(executor.most).toBeLessThanOrEqual(TEMPLATES_MAX);
  });

  test("are sent again to an executor that joins again", async () => {
    launch(0, steady);
    await executor.say(HEARTBEAT);
    const again = await join();
    launch(0, steady);
    await again.say(HEARTBEAT);
    expect(again.launched).toBe(1);
    expect(again.sent.get(steady.id)).toBe(1);
  });
});
