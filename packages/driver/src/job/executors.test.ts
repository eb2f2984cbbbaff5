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
import { blockId } from "@millrace/plan";
import { type FromExecutor, PROTOCOL_VERSION, sessionPair } from "@millrace/rpc";
import { beforeEach, describe, expect, test } from "vitest";
import { Executors } from "./executors.ts";

const JOB = jobId("job-1");
const HEARTBEAT: FromExecutor = { type: "heartbeat", rssBytes: 0, poolBytes: 0, blocks: 0, spilledBytes: 0 };

let clock: ManualClock;
let lost: string[];
let say: (...messages: FromExecutor[]) => Promise<void>;

beforeEach(async () => {
  clock = new ManualClock(epochMs(0));
  lost = [];
  const ready = deferred<void>();
  let heard: Deferred<void> | undefined;
  const executors = new Executors(
    {
      job: JOB,
      conf: parseConf({ "executor.timeout": "10s" }),
      artefact: { id: blockId("artefact"), bytes: 0, at: [] },
      data: { host: "127.0.0.1", port: 1 },
    },
    {
      onReady: () => ready.resolve(),
      onLeaving: () => undefined,
      onLost: (executor, error) => lost.push(`${executor}: ${error?.message}`),
      onMessage: () => heard?.resolve(),
    },
    { clock, log: silentLogger() },
  );
  const { driverEnd, executorEnd } = sessionPair();
  executors.accept(driverEnd);
  say = async (...messages) => {
    heard = deferred();
    for (const message of messages) executorEnd.send(message);
    await heard.promise;
  };
  const data = { host: "127.0.0.1", port: 2 };
  const executor = executorId("e-1");
  executorEnd.send({
    type: "hello",
    protocol: PROTOCOL_VERSION,
    job: JOB,
    executor,
    slots: 1,
    data,
    pid: 1,
    zone: "UTC",
  });
  executorEnd.send({ type: "ready" });
  await ready.promise;
});

describe("an executor that says nothing for executor.timeout", () => {
  test("is lost", () => {
    clock.advance(millis(10_000));
    expect(lost).toEqual([]);
    clock.advance(millis(2_500));
    expect(lost).toEqual([expect.stringContaining("[EXECUTOR_LOST] executor e-1 has said nothing")]);
  });

  test("is not lost because this process stood still, or all of them did", async () => {
    clock.advance(millis(1_000));
    clock.standStill(millis(60_000));
    expect(lost).toEqual([]);
    await say(HEARTBEAT); // it was in the socket
    clock.advance(millis(9_000));
    expect(lost).toEqual([]);
    clock.advance(millis(5_000));
    expect(lost).toHaveLength(1);
  });
});
