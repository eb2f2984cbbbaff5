import { epochMs, executorId, jobId, parseConf, streamId, toWireError } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { blockId, fnSlot, type StageTemplate, shuffleId, stageRunId } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { FromMember, ToMember } from "../cluster.ts";
import { blockNotHeld } from "../errors.ts";
import { clusterService, sessionService } from "../grpc/services.ts";
import type { FromExecutor, ToExecutor } from "../session.ts";
import { decodeFromMember, decodeToMember, encodeFromMember, encodeToMember } from "./cluster.ts";
import { decodeFromExecutor, encodeFromExecutor } from "./from-executor.ts";
import { templateId } from "./plan.ts";
import { wireBytesOf } from "./size.ts";
import { runsOf, splitFromExecutor } from "./split.ts";
import { decodeToExecutor, encodeToExecutor } from "./to-executor.ts";

const error = toWireError(
  blockNotHeld("gone", {
    fields: { block: "b", tries: 2, final: true },
    site: { file: "job.ts", line: 3, column: 4 },
    cause: new TypeError("x"),
  }),
);
const key = { run: stageRunId(7), partition: 3, attempt: 1 };
const metrics = { runMs: 1.25, recordsIn: 10, recordsOut: 2 ** 40, spilledBytes: 0 };
const bytes = (...values: number[]) => new Uint8Array(values);
const e1 = executorId("e-1");
const location = { id: blockId("shuffle/1/2/0/3"), bytes: 123, at: [e1, "driver"] as const };

const fromExecutor: readonly FromExecutor[] = [
  {
    type: "hello",
    protocol: 1,
    job: jobId("j-1"),
    executor: e1,
    slots: 2,
    data: { host: "h", port: 1 },
    pid: 9,
    zone: "UTC",
  },
  {
    type: "held",
    blocks: [
      { id: blockId("recv/0/1.0/7"), bytes: 3, records: 2, at: [e1], position: bytes(4) },
      { id: blockId("recv/0/1.0/8"), bytes: 3, records: 2, at: [e1] },
    ],
    runs: [
      { stream: streamId(0), epoch: 1, run: 0, after: { epoch: 1, run: 0, block: 2 }, running: true },
      { stream: streamId(1), epoch: 1, run: 0, running: false },
    ],
  },
  { type: "ready" },
  {
    type: "tasks",
    statuses: [
      {
        task: key,
        outcome: {
          ...{ kind: "mapOutput", bytes: [0, 5, 2 ** 33], checksum: 2 ** 32 - 1, metrics, accumulators: bytes() },
          state: { batch: epochMs(5), attempt: 9, epoch: 1 },
        },
      },
      {
        task: key,
        outcome: {
          kind: "mapOutput",
          bytes: [0, 2],
          copies: [bytes(), bytes(1, 2)],
          checksum: 0,
          metrics,
          accumulators: bytes(),
        },
      },
      {
        task: key,
        outcome: {
          ...{ kind: "result", result: { kind: "inline", block: bytes() }, metrics, accumulators: bytes(1) },
          state: { batch: epochMs(5), attempt: 2 ** 33, epoch: 2 },
        },
      },
      {
        task: key,
        outcome: {
          kind: "result",
          result: { kind: "block", id: blockId("r"), bytes: 9 },
          metrics,
          accumulators: bytes(),
        },
      },
      {
        task: key,
        outcome: {
          kind: "result",
          result: { kind: "written", file: { file: "1-part-00000", bytes: 9, token: "9@1" } },
          metrics,
          accumulators: bytes(),
        },
      },
      { task: key, outcome: { kind: "failed", error } },
      { task: key, outcome: { kind: "fetchFailed", block: blockId("b"), holder: e1, error } },
      { task: key, outcome: { kind: "fetchFailed", block: blockId("b"), holder: "driver", error } },
      { task: key, outcome: { kind: "cancelled" } },
    ],
  },
  { type: "blocksCopied", copied: [blockId("recv/0/1")], failed: [blockId("recv/0/2"), blockId("recv/0/3")] },
  { type: "received", stream: streamId(0), blocks: [{ id: blockId("recv/0/1"), bytes: 10, records: 2, at: [e1] }] },
  {
    type: "received",
    stream: streamId(0),
    blocks: [
      {
        ...{ id: blockId("recv/0/1"), bytes: 10, records: 2, at: [e1] },
        ...{ logged: { segment: "3-e1-0", offset: 2 ** 40 }, position: bytes(7) },
      },
    ],
  },
  { type: "receiver", stream: streamId(1), status: { state: "running" } },
  { type: "receiver", stream: streamId(1), status: { state: "retrying", error, retryMs: 200 } },
  { type: "receiver", stream: streamId(1), status: { state: "stopped" } },
  { type: "receiver", stream: streamId(1), status: { state: "stopped", error } },
  { type: "receiver", stream: streamId(1), status: { state: "trouble", error } },
  { type: "receiver", stream: streamId(1), status: { state: "stuck", error } },
  { type: "receiver", stream: streamId(1), status: { state: "answering" } },
  { type: "receiver", stream: streamId(1), status: { state: "unlogged", error } },
  { type: "receiver", stream: streamId(1), status: { state: "logged" } },
  { type: "heartbeat", rssBytes: 1, poolBytes: 2, blocks: 3, spilledBytes: 4 },
  { type: "leaving" },
  { type: "unfit", error },
  { type: "trouble", error },
  { type: "settled" },
  { type: "failed", error: toWireError("text") },
];

const template: StageTemplate = {
  id: templateId("t-1"),
  pipeline: {
    source: { kind: "shuffle", feed: { kind: "shuffle", input: 0 }, aggregate: { kind: "group" } },
    ops: [{ kind: "map", fn: fnSlot(0), label: "map at job.ts:1:2" }],
  },
  sink: { kind: "take" },
  functions: ["job.ts#0"],
};

const RUN = { input: "input-0", run: { epoch: 1, run: 0, after: undefined, position: undefined } } as const;

const toExecutor: readonly ToExecutor[] = [
  { type: "blocksTaken", stream: streamId(1), blocks: [blockId("recv/1/e-1.x/0"), blockId("recv/1/e-1.x/1")] },
  {
    ...{ type: "welcome", conf: parseConf({}), artefact: location, data: { host: "d", port: 2 } },
    ...{ receivedLog: undefined, probe: undefined },
  },
  {
    type: "welcome",
    conf: parseConf({}),
    artefact: location,
    data: { host: "d", port: 2 },
    receivedLog: { directory: locationFrom("s3://bucket/checkpoint"), epoch: 3 },
    probe: { directory: locationFrom("s3://bucket/checkpoint"), name: "n", content: "c" },
  },
  { type: "peers", peers: new Map([[e1, { host: "h", port: 3 }]]) },
  { type: "template", template },
  {
    type: "stage",
    run: key.run,
    batch: epochMs(1_800_000_000_000),
    templates: [templateId("t-1")],
    captures: [bytes(), bytes(1, 2)],
    broadcasts: [location],
    partitions: 4096,
    limit: 3,
    writes: {
      shuffle: shuffleId(4),
      partitions: 2,
      level: { memory: true, disk: false, replication: 2 },
    },
  },
  {
    ...{ type: "stage", run: key.run, batch: epochMs(0), templates: [], captures: [], broadcasts: [] },
    ...{ writes: undefined, partitions: 0 },
  },
  {
    type: "launch",
    tasks: [
      { ...key, template: 0, inputs: [{ kind: "inline", block: bytes(1) }], slot: 3 },
      {
        ...key,
        template: 1,
        inputs: [
          { kind: "blocks", blocks: [location] },
          { kind: "blocks", blocks: [] },
          { kind: "external", range: bytes(7) },
          { kind: "file", path: locationFrom("/a b"), start: 0, end: 2 ** 40, version: "5@7" },
        ],
        state: {
          operator: "totals",
          partition: 0,
          partitions: 4,
          head: { batch: epochMs(4), attempt: 2 ** 33, epoch: 3 },
          first: false,
          oldest: epochMs(0),
          batch: epochMs(5),
          directory: locationFrom("/c"),
          writes: { batch: epochMs(5), attempt: 0, epoch: 4 },
        },
        output: { directory: locationFrom("/o"), file: "part-00000" },
        slot: 0,
      },
      {
        ...key,
        template: 0,
        inputs: [],
        state: {
          operator: "totals",
          partition: 1,
          partitions: 2,
          head: undefined,
          from: {
            batch: epochMs(4),
            partitions: 3,
            heads: [undefined, { batch: epochMs(2), attempt: 1, epoch: 3 }, undefined],
          },
          first: true,
          oldest: epochMs(0),
          batch: epochMs(5),
          directory: locationFrom("/c"),
          writes: undefined,
        },
        slot: 1,
      },
    ],
  },
  { type: "cancel", task: key },
  { type: "stageDone", run: key.run },
  { type: "dropTemplates", templates: [templateId("t-1"), templateId("t-2")] },
  { type: "dropShuffles", shuffles: [shuffleId(0), shuffleId(9)] },
  { type: "dropBlocks", blocks: [blockId("a")] },
  {
    type: "startReceiver",
    stream: streamId(2),
    receiver: { kind: "rawSocket", host: "h", port: 1 },
    blockIntervalMs: 20,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: undefined,
    ...RUN,
  },
  {
    type: "startReceiver",
    stream: streamId(3),
    receiver: { kind: "iterable", source: bytes(1, 2) },
    blockIntervalMs: 20,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: undefined,
    ...RUN,
  },
  {
    type: "startReceiver",
    stream: streamId(0),
    receiver: { kind: "socketText", host: "h", port: 1 },
    blockIntervalMs: 20,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: e1,
    input: "chat",
    run: { epoch: 4, run: 2, after: { epoch: 3, run: 1, block: 0 }, position: bytes(0, 255) },
  },
  {
    type: "startReceiver",
    stream: streamId(0),
    receiver: { kind: "socket", host: "h", port: 1, decoder: bytes(4) },
    blockIntervalMs: 20,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: undefined,
    ...RUN,
  },
  {
    type: "startReceiver",
    stream: streamId(0),
    receiver: { kind: "custom", receiver: bytes(4) },
    blockIntervalMs: 20,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: undefined,
    ...RUN,
  },
  {
    type: "copyBlocks",
    blocks: [location, { ...location, at: [e1] }, { ...location, at: [], logged: { segment: "s", offset: 0 } }],
  },
  { type: "replicateTo", stream: streamId(0), peer: e1 },
  { type: "replicateTo", stream: streamId(0), peer: undefined },
  { type: "stopReceiver", stream: streamId(0) },
  { type: "receiverBacklog", stream: streamId(0), bytes: 5 },
  { type: "settle" },
  { type: "shutdown", graceful: true },
];

const fromMember: readonly FromMember[] = [
  { type: "hello", protocol: 1, executor: e1, slots: 2, memoryBytes: 2 ** 34, host: "h", pid: 4, jobs: [jobId("j-1")] },
  { type: "heartbeat" },
  { type: "leaving" },
  { type: "left" },
  { type: "jobStarted", job: jobId("j-1"), pid: 3 },
  { type: "jobExited", job: jobId("j-1"), error: undefined },
  { type: "jobExited", job: jobId("j-1"), error },
];

const toMember: readonly ToMember[] = [
  { type: "welcome" },
  { type: "refused", error },
  {
    type: "startJob",
    job: jobId("j-1"),
    driver: { host: "h", port: 1 },
    token: "t",
    driverRun: 7,
    slotHeapBytes: 1,
    poolBytes: 2,
  },
  { type: "holdJob", job: jobId("j-1") },
  { type: "stopJob", job: jobId("j-1"), graceMs: 0 },
  { type: "leave" },
];

describe("every message crosses the wire unchanged", () => {
  test.each(fromExecutor)("from an executor: $type", (message) => {
    const wire = sessionService.Open.requestSerialize({ messages: [encodeFromExecutor(message)] });
    const { messages } = sessionService.Open.requestDeserialize(wire);
    expect(messages.map(decodeFromExecutor)).toEqual([message]);
  });
  test.each(toExecutor)("to an executor: $type", (message) => {
    const wire = sessionService.Open.responseSerialize({ messages: [encodeToExecutor(message)] });
    const { messages } = sessionService.Open.responseDeserialize(wire);
    expect(messages.map(decodeToExecutor)).toEqual([message]);
  });
  test.each(fromMember)("from a member: $type", (message) => {
    const wire = clusterService.Open.requestSerialize({ messages: [encodeFromMember(message)] });
    expect(clusterService.Open.requestDeserialize(wire).messages.map(decodeFromMember)).toEqual([message]);
  });
  test.each(toMember)("to a member: $type", (message) => {
    const wire = clusterService.Open.responseSerialize({ messages: [encodeToMember(message)] });
    expect(clusterService.Open.responseDeserialize(wire).messages.map(decodeToMember)).toEqual([message]);
  });
});

test("received bytes do not keep their message alive", () => {
  const wire = sessionService.Open.requestSerialize({
    messages: [
      encodeFromExecutor({
        type: "tasks",
        statuses: [
          {
            task: key,
            outcome: { kind: "result", result: { kind: "inline", block: bytes(1, 2) }, metrics, accumulators: bytes() },
          },
        ],
      }),
    ],
  });
  const [message] = sessionService.Open.requestDeserialize(wire).messages.map(decodeFromExecutor);
  const outcome = message?.type === "tasks" ? message.statuses[0]?.outcome : undefined;
  const block = outcome?.kind === "result" && outcome.result.kind === "inline" ? outcome.result.block : undefined;
  expect(block?.buffer.byteLength).toBe(2);
});

test("an empty message is refused by name", () => {
  const wire = sessionService.Open.requestSerialize({ messages: [{}] });
  expect(() => sessionService.Open.requestDeserialize(wire).messages.map(decodeFromExecutor)).toThrow(
    /MESSAGE_MALFORMED/,
  );
});

test("the estimate of a message's size is never much too small", () => {
  for (const message of fromExecutor) {
    const encoded = encodeFromExecutor(message);
    const actual = sessionService.Open.requestSerialize({ messages: [encoded] }).byteLength;
    expect(wireBytesOf(encoded)).toBeGreaterThanOrEqual(actual * 0.9);
  }
});

test("many statuses become groups within the limit, in order, none lost", () => {
  const statuses = Array.from({ length: 40 }, (_, partition) => ({
    task: { ...key, partition },
    outcome: {
      kind: "result",
      result: { kind: "inline", block: new Uint8Array(60_000) },
      metrics,
      accumulators: bytes(),
    } as const,
  }));
  const parts = splitFromExecutor(encodeFromExecutor({ type: "tasks", statuses }), 1 << 20);
  expect(parts.length).toBe(3);
  expect(parts.flatMap((part) => part.tasks?.statuses?.map((status) => status.key?.partition))).toEqual(
    statuses.map((status) => status.task.partition),
  );
  expect(runsOf([new Uint8Array(50), new Uint8Array(1)], 10).length).toBe(2);
});
