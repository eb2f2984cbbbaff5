import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Clock,
  epochMs,
  executorId,
  type JobId,
  jobId,
  ManualClock,
  millis,
  ownFolder,
  processIdentity,
  SystemClock,
  silentLogger,
} from "@millrace/base";
import type { FromMember, MemberSession, OperatorService, ToMember } from "@millrace/rpc";
import { listenCluster, listenSessions, type RpcServer } from "@millrace/rpc/grpc";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later, Remote, temporary } from "../job-executor.fixture.ts";
import { ExecutorSupervisor } from "./executor-supervisor.ts";

afterEach(cleanUp);

const TOKEN = "secret";
const noOperator = {} as OperatorService; // no test here calls it

interface Cluster {
  readonly server: RpcServer;
  /** The next session of a supervisor, with its messages. */
  member(): Promise<Member>;
}

class Member {
  readonly session: MemberSession;
  readonly #messages: FromMember[] = [];
  #wake = (): void => {};

  constructor(session: MemberSession) {
    this.session = session;
    session.onMessage((message) => {
      this.#messages.push(message);
      this.#wake();
    });
  }

  async take<Type extends FromMember["type"]>(type: Type): Promise<Extract<FromMember, { readonly type: Type }>> {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.type === type);
      const found = at < 0 ? undefined : this.#messages.splice(at, 1)[0];
      if (found !== undefined) return found as Extract<FromMember, { readonly type: Type }>; // found by its type
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function cluster(port = 0): Promise<Cluster> {
  const sessions: MemberSession[] = [];
  let wake = (): void => {};
  const server = await listenCluster({
    host: "127.0.0.1",
    port,
    token: TOKEN,
    operator: noOperator,
    onMember: (session) => {
      sessions.push(session);
      wake();
    },
  });
  later(() => server.close());
  return {
    server,
    member: async () => {
      for (;;) {
        const session = sessions.shift();
        if (session !== undefined) return new Member(session);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** The driver's answer to an executor that has left. */
async function closes(atDriver: Member): Promise<void> {
  expect(await atDriver.take("left")).toEqual({ type: "left" });
  atDriver.session.close();
}

async function supervisor(
  server: RpcServer,
  {
    token = TOKEN,
    clock = new SystemClock(),
    graceMs = 60_000,
    workDir,
  }: { readonly token?: string; readonly clock?: Clock; readonly graceMs?: number; readonly workDir?: string } = {},
): Promise<ExecutorSupervisor> {
  const started = new ExecutorSupervisor({
    driver: server.address,
    token,
    executor: executorId("e-1"),
    slots: 1,
    memoryBytes: 1 << 30,
    host: "127.0.0.1",
    workDir: workDir ?? (await temporary()),
    graceMs,
    clock,
    log: silentLogger(),
    output: () => undefined,
  });
  later(() => started.stop(0));
  return started;
}

/** A job driver that accepts one executor's session and does nothing else. */
async function jobDriver() {
  let accept = (_remote: Remote): void => {};
  const remote = new Promise<Remote>((resolve) => {
    accept = resolve;
  });
  const server = await listenSessions({
    host: "127.0.0.1",
    port: 0,
    token: TOKEN,
    onSession: (session) => accept(new Remote(session)),
  });
  later(() => server.close());
  return { server, remote };
}

const startJob = (job: JobId, driver: RpcServer): ToMember => ({
  type: "startJob",
  job,
  driver: driver.address,
  token: TOKEN,
  driverRun: 1,
  slotHeapBytes: 64 << 20,
  poolBytes: 32 << 20,
});

/**
 * Has the executor at the other end start job j-1. @returns The job's process there, seen from the job driver, once it
 * said hello.
 */
async function startsJob(executor: Member): Promise<Remote> {
  executor.session.send({ type: "welcome" });
  const driver = await jobDriver();
  executor.session.send(startJob(jobId("j-1"), driver.server));
  const remote = await driver.remote;
  await remote.take("hello");
  return remote;
}

test("a job's process is started, says hello to the job driver, and its death is reported with the reason", async () => {
  const { server, member } = await cluster();
  await supervisor(server);
  const atDriver = await member();
  expect(await atDriver.take("hello")).toMatchObject({ executor: "e-1", slots: 1, jobs: [] });
  atDriver.session.send({ type: "welcome" });
  const driver = await jobDriver();
  atDriver.session.send(startJob(jobId("j-1"), driver.server));
  const { pid } = await atDriver.take("jobStarted");
  const hello = await (await driver.remote).take("hello");
  expect(hello).toMatchObject({ job: "j-1", executor: "e-1", pid });
  process.kill(pid, "SIGKILL");
  expect(await atDriver.take("jobExited")).toMatchObject({ job: "j-1", error: { kind: { code: "EXECUTOR_KILLED" } } });
});

test("what a job's process had in the work directory is removed when it is killed, and the rest when the executor ends", async () => {
  const workDir = await temporary();
  const { server, member } = await cluster();
  const supervising = await supervisor(server, { workDir });
  const atDriver = await member();
  const hello = await startsJob(atDriver);
  const { pid } = await atDriver.take("jobStarted");
  expect(hello).toBeDefined();
  writeFileSync(join(workDir, "e-1", "j-1", "state.mdb"), "much");
  process.kill(pid, "SIGKILL");
  await atDriver.take("jobExited");
  expect(existsSync(join(workDir, "e-1", "j-1"))).toBe(false);
  await supervising.stop(0);
  expect(readdirSync(workDir)).toEqual([]);
});

test("what a killed executor left in the work directory is removed by the next one there", async () => {
  const workDir = await temporary();
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  for (const [name, owner] of [
    ["e-killed", pid],
    ["e-runs", process.pid],
  ] as const) {
    ownFolder(join(workDir, name));
    writeFileSync(join(workDir, name, "owner.json"), JSON.stringify({ ...processIdentity(process.pid), pid: owner }));
  }
  await supervisor((await cluster()).server, { workDir });
  expect(readdirSync(workDir).sort()).toEqual(["e-1", "e-runs"]);
});

test("an executor that leaves announces it, takes no new job, and ends when it has none", async () => {
  const { server, member } = await cluster();
  const supervising = await supervisor(server);
  const atDriver = await member();
  await startsJob(atDriver);
  const left = supervising.leave();
  expect(await atDriver.take("leaving")).toEqual({ type: "leaving" });
  atDriver.session.send(startJob(jobId("j-2"), (await jobDriver()).server));
  // Nothing of the job was there yet: there is nothing to release.
  expect(await atDriver.take("jobExited")).toMatchObject({ job: "j-1", error: undefined });
  await closes(atDriver);
  await left;
  expect(await supervising.ended).toBeUndefined();
});

test("an executor whose grace period is over ends with an error that names its jobs", async () => {
  const { server, member } = await cluster();
  const clock = new ManualClock(epochMs(0));
  const supervising = await supervisor(server, { clock, graceMs: 1_000 });
  const atDriver = await member();
  await startsJob(atDriver);
  const left = supervising.leave();
  clock.advance(millis(1_000)); // before its process can have answered
  const refused = expect(left).rejects.toThrow(
    /^\[GRACE_OVER\] the grace period of 1 s is over, and j-1 did not release/,
  );
  expect(await atDriver.take("jobExited")).toMatchObject({ job: "j-1", error: { kind: { code: "GRACE_OVER" } } });
  await closes(atDriver); // it waits for that, so that nothing it has said is lost
  await refused;
  expect(await supervising.ended).toMatchObject({ code: "GRACE_OVER" });
});

test("an executor leaves when the driver has it leave", async () => {
  const { server, member } = await cluster();
  const supervising = await supervisor(server);
  const atDriver = await member();
  atDriver.session.send({ type: "welcome" });
  atDriver.session.send({ type: "leave" });
  expect(await atDriver.take("leaving")).toEqual({ type: "leaving" });
  await closes(atDriver);
  expect(await supervising.ended).toBeUndefined();
});

test("a job that is stopped ends cleanly, without an error", async () => {
  const { server, member } = await cluster();
  const supervising = await supervisor(server);
  const atDriver = await member();
  const remote = await startsJob(atDriver);
  atDriver.session.send({ type: "stopJob", job: jobId("j-1"), graceMs: 20_000 });
  expect(await atDriver.take("jobExited")).toMatchObject({ job: "j-1", error: undefined });
  expect(await remote.closed).toBeUndefined();
  expect(supervising.jobs).toEqual([]);
});

test("a driver that goes away is redialled until it is back, and learns which jobs still run", async () => {
  const first = await cluster();
  await supervisor(first.server);
  const before = await first.member();
  await startsJob(before);
  await first.server.close();
  const second = await cluster(first.server.address.port);
  expect(await (await second.member()).take("hello")).toMatchObject({ executor: "e-1", jobs: ["j-1"] });
});

test("a wrong token ends the executor with the reason", async () => {
  const { server } = await cluster();
  expect(await (await supervisor(server, { token: "wrong" })).ended).toMatchObject({ code: "UNAUTHENTICATED" });
});

test("a refusal by the driver ends the executor with the driver's reason", async () => {
  const { server, member } = await cluster();
  const refused = await supervisor(server);
  (await member()).session.send({
    type: "refused",
    error: { name: "EngineError", message: "[NAME_IN_USE] e-1 is taken" },
  });
  expect((await refused.ended)?.message).toMatch("NAME_IN_USE");
});

test("a job's process ends when its supervisor is killed", async () => {
  const { server, member } = await cluster();
  const built = (name: string): string =>
    JSON.stringify(import.meta.resolve(name, import.meta.url).replace("/src/index.ts", "/dist/index.js"));
  const script = `
    import { executorId, silentLogger, SystemClock } from ${built("@millrace/base")};
    import { ExecutorSupervisor } from ${JSON.stringify(new URL("../../dist/supervisor.js", import.meta.url).href)};
    new ExecutorSupervisor({
      driver: ${JSON.stringify(server.address)}, token: "${TOKEN}", executor: executorId("e-2"), slots: 1, memoryBytes: 2 ** 30,
      host: "127.0.0.1", workDir: ${JSON.stringify(await temporary())}, clock: new SystemClock(), log: silentLogger(), output() {},
    });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
  later(() => child.kill("SIGKILL"));
  const atDriver = await member();
  const remote = await startsJob(atDriver);
  child.kill("SIGKILL");
  expect(await remote.closed).toMatchObject({ code: "SESSION_LOST" });
});
