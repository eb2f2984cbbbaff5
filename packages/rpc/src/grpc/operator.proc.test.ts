import { createServer } from "node:net";
import {
  epochMs,
  errorKind,
  executorId,
  type JobId,
  jobId,
  ManualClock,
  millis,
  SystemClock,
  warningOf,
} from "@millrace/base";
import { afterEach, describe, expect, test } from "vitest";
import type { JobSummary, LogEntry, MemberSession, OperatorService, WaitsReport } from "../cluster.ts";
import { operatorClient } from "./operator-client.ts";
import { listenCluster } from "./operator-server.ts";
import { dialCluster } from "./sessions.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const jobUnknown = errorKind("JOB_UNKNOWN", "user");
const job: JobSummary = {
  id: jobId("j-1"),
  name: "chat",
  state: "running",
  submittedAt: 1_800_000_000_000,
  endedAt: undefined,
  batchIntervalMs: 1_000,
  batchesCompleted: 3,
  batchesFailed: 0,
  batchesWaiting: 1,
  spilledBytes: 2 ** 40,
  executors: 2,
  restarts: 1,
  log: {
    directory: "file:/checkpoint",
    resumed: {
      imported: false,
      committed: 4_000,
      batches: 3,
      pending: { time: 5_000, prepared: false },
      missed: 2,
      together: true,
    },
  },
  error: undefined,
  draining: { by: 1_800_000_060_000, waitsFor: ["2 batches", "receiver 0"] },
  warnings: [
    {
      ...warningOf("[SOURCE_DOWN] receiver 0 is down.", { subject: "receiver 0", lasting: true }),
      firstAt: epochMs(3_000),
      lastAt: epochMs(4_000),
      count: 2,
    },
  ],
  driverPid: 12,
  executorFigures: [
    {
      executor: executorId("e-1"),
      ...{ tasks: 7, failures: 1, taskMs: 1.5, recordsIn: 2 ** 40, recordsOut: 3 },
      ...{ rssBytes: 2 ** 33, poolBytes: 5, blocks: 6, spilledBytes: 8 },
    },
  ],
};
const batch = {
  time: 5_000,
  state: "completed",
  records: 3,
  schedulingDelayMs: 0.5,
  processingMs: 7,
  tasks: 4,
  taskMs: 12.5,
  recordsRead: 2 ** 40,
  spilledBytes: 2 ** 33,
  error: undefined,
} as const;
const executor = {
  id: executorId("e-1"),
  host: "h",
  slots: 2,
  memoryBytes: 1,
  rssBytes: 2 ** 33,
  state: "draining",
  waitsFor: ["j-1: receiver 0"],
  jobs: [job.id],
  lastSeenAt: 9,
} as const;

const log = [
  { time: 1, stream: "stdout", text: "one\n" },
  { time: 2, stream: "stderr", text: "two \u{1f600}\n" },
  { time: 3, stream: "engine", text: '{"msg":"three"}\n' },
] as const satisfies readonly LogEntry[];

async function* asked(whose: string): AsyncGenerator<WaitsReport> {
  yield { waitsFor: [`${whose}: 2 batches`], by: 7 };
  yield { waitsFor: [], by: undefined };
}

function service(over: Partial<OperatorService> = {}): OperatorService {
  return {
    submit: async () => job,
    jobs: async () => [job],
    status: async (id) => (id === job.id ? job : Promise.reject(jobUnknown(`no job ${id}`, { fields: { id } }))),
    batches: async () => [batch],
    executors: async () => [executor],
    drain: async () => {},
    waits: (whose) => asked("job" in whose ? whose.job : whose.executor),
    async *logs() {
      yield* log;
    },
    stop: async () => {},
    kill: async () => {},
    ...over,
  };
}

async function connected(operator: OperatorService, token = "secret") {
  const server = await listenCluster({ host: "127.0.0.1", port: 0, token: "secret", operator, onMember: () => {} });
  cleanups.push(() => server.close());
  const client = operatorClient({ address: server.address, token });
  cleanups.push(() => client.close());
  return { server, client };
}

describe("an operator", () => {
  test("gets all values unchanged from the driver", async () => {
    const { client } = await connected(service());
    expect(await client.jobs()).toEqual([job]);
    expect(await client.status(job.id)).toEqual(job);
    expect(await client.batches(job.id)).toEqual([batch]);
    expect(await client.executors()).toEqual([executor]);
    await client.stop(job.id);
    await client.kill(job.id);
    await client.drain(executor.id);
  });

  test("submits an artefact of several megabytes with its settings", async () => {
    const artefact = new Uint8Array(5_000_001).map((_, i) => i % 253);
    let got: Parameters<OperatorService["submit"]>[0] | undefined;
    const { client } = await connected(
      service({
        submit: async (request) => {
          got = request;
          return job;
        },
      }),
    );
    const request = {
      name: undefined,
      conf: { "task.attempts.max": "2" },
      args: ["a", ""],
      drop: ["totals"],
      availableNow: true,
    };
    expect(await client.submit({ artefact, ...request })).toEqual(job);
    expect(got).toMatchObject(request);
    expect(Buffer.compare(got?.artefact ?? Buffer.alloc(0), artefact)).toBe(0);
  });

  test("gets the driver's own error, with code and fields", async () => {
    const { client } = await connected(service());
    await expect(client.status(jobId("nope"))).rejects.toMatchObject({ code: "JOB_UNKNOWN", fields: { id: "nope" } });
    await expect(client.status("NO!" as JobId)).rejects.toMatchObject({ code: "BAD_IDENTIFIER" }); // what a user may type
  });

  test("gets an error whose message and stack are larger than a header may be", async () => {
    const error = jobUnknown("x".repeat(50_000));
    const { client } = await connected(service({ jobs: () => Promise.reject(error) }));
    await expect(client.jobs()).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  });

  test("waits for a silent driver no longer than it was told", async () => {
    const clock = new ManualClock(new SystemClock().now());
    // Only the probe uses this clock: the deadline of a call is gRPC's.
    const server = createServer((socket) => {
      socket.on("error", () => undefined); // the client goes as it likes
      socket.on("data", () => clock.advance(millis(2_000)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const client = operatorClient({ address: { host: "127.0.0.1", port }, token: undefined, clock });
    cleanups.push(() => client.close());
    await expect(client.jobs(millis(100))).rejects.toMatchObject({
      code: "NOT_A_DRIVER",
      fields: { found: "silent" },
    });
  });

  test("is told what a job and an executor wait for, until they are over", async () => {
    const { client } = await connected(service());
    for (const whose of [{ job: job.id }, { executor: executor.id }]) {
      const told: WaitsReport[] = [];
      for await (const report of client.waits(whose)) told.push(report);
      const [id] = Object.values(whose);
      expect(told).toEqual([{ waitsFor: [`${id}: 2 batches`], by: 7 }, { waitsFor: [] }]);
    }
  });

  test("reads a log to its end", async () => {
    const { client } = await connected(service());
    const entries: LogEntry[] = [];
    for await (const entry of client.logs(job.id, { follow: true })) entries.push(entry);
    expect(entries).toEqual(log);
  });

  test("that stops reading a followed log ends it at the driver", async () => {
    let ended = (): void => {};
    const driverEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const { client } = await connected(
      service({
        async *logs() {
          try {
            for (let i = 0; ; i++) {
              await new Promise<void>((resolve) => setImmediate(resolve));
              yield { time: i, stream: "stdout", text: `${i}\n` };
            }
          } finally {
            ended();
          }
        },
      }),
    );
    for await (const { text } of client.logs(job.id, { follow: true })) if (text !== "") break;
    await driverEnded;
  });

  test.each(["jobs", "submit", "logs"] as const)("with a wrong token is refused: %s", async (what) => {
    const { client } = await connected(service(), "wrong");
    const refused = { code: "UNAUTHENTICATED" };
    if (what === "jobs") await expect(client.jobs()).rejects.toMatchObject(refused);
    else if (what === "submit") {
      await expect(
        client.submit({ artefact: new Uint8Array(9), name: "n", conf: {}, args: [], drop: [], availableNow: false }),
      ).rejects.toMatchObject(refused);
    } else {
      await expect(client.logs(job.id, { follow: false })[Symbol.asyncIterator]().next()).rejects.toMatchObject(
        refused,
      );
    }
  });

  test("without a driver gets the reason", async () => {
    const { server, client } = await connected(service());
    await server.close();
    await expect(client.jobs()).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
    await expect(client.logs(job.id, { follow: false })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "PEER_UNREACHABLE",
    });
  });
});

test("an executor supervisor and the driver supervisor talk on the operators' port", async () => {
  let accepted = (_member: MemberSession): void => {};
  const member = new Promise<MemberSession>((resolve) => {
    accepted = resolve;
  });
  const server = await listenCluster({
    host: "127.0.0.1",
    port: 0,
    token: undefined,
    operator: service(),
    onMember: accepted,
  });
  cleanups.push(() => server.close());
  const supervisor = dialCluster({ address: server.address, token: undefined });
  const atDriver = await member;
  supervisor.send({ type: "heartbeat" });
  atDriver.send({ type: "welcome" });
  expect(await new Promise((resolve) => atDriver.onMessage(resolve))).toEqual({ type: "heartbeat" });
  expect(await new Promise((resolve) => supervisor.onMessage(resolve))).toEqual({ type: "welcome" });
  supervisor.close();
  expect(await new Promise((resolve) => atDriver.onClose(resolve))).toBeUndefined();
});
