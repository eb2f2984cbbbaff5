import { epochMs, millis } from "@millrace/base";
import { decodeValue, emptyClassTable } from "@millrace/codec";
import { JOB_HOOKS, type PendingBatch, type PreparedOutput } from "@millrace/plan";
import { afterEach, describe, expect, test } from "vitest";
import { InlineFunctions, JobRegistry } from "../function/job-registry.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { type Sink, saveExternal } from "./external-sink.ts";
import { externalStream } from "./external-source.ts";
import { shipPackage } from "./ship-package.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

const read = ({ from, to }: Range): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function labOf(fix: (time: number) => unknown, told: string[] = []) {
  return GraphLab.build((ssc) => {
    const tickets = externalStream(ssc, {
      label: "tickets",
      options: { host: "box-office" },
      start: () => void told.push("start"),
      fix: (time) => {
        told.push(`fix ${time}`);
        return fix(time) as readonly Range[]; // whatever a test says
      },
      read,
      stop: () => void told.push("stop"),
    });
    tickets.map((n) => n + 1).print();
    tickets.print();
  });
}

describe("a source that a package brings", () => {
  test("is started before the first batch, fixes each batch once, and is stopped at the end", async () => {
    const told: string[] = [];
    const lab = await labOf(() => [{ from: 0, to: 2 }], told);
    await lab.plansOf(1000);
    await lab.plansOf(2000);
    await lab.graph.end(undefined);
    expect(told).toEqual(["start", "fix 1000", "fix 2000", "stop"]);
  });

  test("has a partition for each range, which travels with the task as plain data", async () => {
    const ranges = [
      { from: 0, to: 2 },
      { from: 2, to: 9 },
    ];
    const lab = await labOf(() => ranges);
    const { error } = await lab.batch(1000);
    if (error !== undefined) throw error;
    const stage = lab.port.plans.at(-1)?.stages[0];
    expect(stage?.name).toBe("tickets");
    const inputs = lab.port.plans.flatMap(({ stages }) =>
      stages.flatMap(({ tasks }) => tasks.map((task) => task.inputs[0])),
    );
    const read = inputs.map((input) => input?.kind === "external" && decodeValue(input.range, emptyClassTable));
    expect(read).toEqual(expect.arrayContaining(ranges));
  });

  test("with nothing new makes an empty batch", async () => {
    expect(await (await labOf(() => [])).plansOf(1000)).toBe("");
  });

  test("that fixes no array fails the batch, and says so", async () => {
    const { error } = await (await labOf(() => 7)).batch(1000);
    expect(error?.message).toMatch(/fix of tickets gave number for batch 1000, not an array of ranges/);
  });

  test("whose range is no plain data fails the batch, and names the range", async () => {
    const { error } = await (await labOf(() => [{ from: () => 1 }])).batch(1000);
    expect(error?.message).toMatch(/range 0 of tickets/);
  });

  test("that throws fails the batch with its error", async () => {
    const lab = await labOf(() => {
      throw new Error("no brokers");
    });
    expect((await lab.batch(1000)).error?.message).toMatch(/JOB_CODE_FAILED.*fix of tickets threw Error: no brokers/);
  });

  describe("and is told of batches", () => {
    async function told() {
      const calls: unknown[] = [];
      let next = 0;
      const lab = await GraphLab.build((ssc) =>
        externalStream<Range, number, undefined>(ssc, {
          ...{ label: "tickets", options: undefined, read },
          start: (_, host) => {
            host.warn("3 tickets were thrown away.");
            host.condition("the office is closed.");
          },
          fix: () => {
            if (next > 4) return [];
            next += 3;
            return [{ from: next - 3, to: next }];
          },
          sizeOf: ({ from, to }) => to - from,
          committed(ranges) {
            calls.push(ranges);
            if (calls.length > 1) throw new Error("no answer");
          },
        }).print(),
      );
      return { lab, calls };
    }

    test("when they are committed, in order, and not of those that failed", async () => {
      const { lab, calls } = await told();
      for (const time of [1000, 2000]) {
        await lab.plansOf(time);
        lab.graph.release(epochMs(time), { committed: time > 1000 });
      }
      expect(calls).toEqual([[{ from: 3, to: 6 }]]);
    });

    test("also of those without ranges; what it throws is a warning", async () => {
      const { lab, calls } = await told();
      for (const time of [1000, 2000, 3000]) {
        await lab.plansOf(time);
        lab.graph.release(epochMs(time), { committed: true });
      }
      expect(calls).toEqual([[{ from: 0, to: 3 }], [{ from: 3, to: 6 }], []]);
      expect(lab.port.warnings).toContainEqual(expect.stringMatching(/committed of tickets threw Error: no answer/));
    });

    test("and says how many records a batch has, and what is wrong with it", async () => {
      const { lab } = await told();
      const { inputs } = await lab.run(1000);
      expect(inputs).toEqual([{ name: "tickets", records: 3, files: [], returned: 0 }]);
      expect(lab.port.warnings).toEqual([
        "[SOURCE_WARNED] tickets: 3 tickets were thrown away.",
        "[SOURCE_WAITING] tickets: the office is closed.",
      ]);
      expect(lab.port.standing.get("tickets")).toMatchObject({ code: "SOURCE_WAITING", lasting: true });
    });
  });

  describe("and is faster than the job", () => {
    async function held(conf: Readonly<Record<string, string>>) {
      const limits: unknown[] = [];
      const lab = await GraphLab.build(
        (ssc) =>
          externalStream<Range, number, undefined>(ssc, {
            ...{ label: "tickets", options: undefined, read },
            fix: (time, most) => {
              limits.push(most);
              return [{ from: time, to: time + 500 }];
            },
            sizeOf: ({ from, to }) => to - from,
          }).print(),
        { conf },
      );
      for (const [time, ends] of [
        [1000, { committed: true }],
        [2000, { committed: false }],
        [3000, { committed: false }],
      ] as const) {
        await lab.plansOf(time);
        lab.port.clock.advance(millis(250));
        lab.graph.release(epochMs(time), ends);
      }
      return limits;
    }

    test("is told how much a batch may read: the initial rate, then what a committed batch has processed", async () => {
      expect(await held({ "source.backpressure": "on", "source.rate.initial": "700" })).toEqual([700, 2000, 2000]);
    });

    test("is told nothing, unless the job asks for it", async () => {
      expect(await held({})).toEqual([undefined, undefined, undefined]);
    });
  });

  test("without a label or functions is refused", async () => {
    const none = undefined as never; // what a job without types may give
    await expect(GraphLab.build((ssc) => externalStream(ssc, none))).rejects.toThrow(/externalStream/);
  });
});

describe("a sink that a package brings", () => {
  /** A sink that records the arguments of its methods in `told`. The writes of its tasks are the fake cluster's answers. */
  async function archive(methods: (told: unknown[]) => Pick<Sink<number, string>, "recover" | "commit" | "abort">) {
    const told: unknown[] = [];
    const lab = await GraphLab.build((ssc: StreamingContext) =>
      saveExternal(
        ssc.rateStream(10, { numPartitions: 2 }).map(({ value }) => value),
        {
          label: "archive",
          options: undefined,
          open: ({ partition }) => ({ write: () => {}, prepare: () => `part-${partition}` }),
          ...methods(told),
        },
      ),
    );
    lab.port.answer = (stage) => stage.tasks.map((task) => [`part-${task.partition}`]);
    return { lab, told };
  }

  const both = (told: unknown[]): Pick<Sink<number, string>, "recover" | "commit" | "abort"> => ({
    commit: (...call) => void told.push(["commit", ...call]),
    abort: (...call) => void told.push(["abort", ...call]),
  });
  const WRITTEN = ["part-0", "part-1"];
  const TIME = epochMs(1000);
  const BATCH = { id: "test/saveExternal-0/1000", time: 1000, output: "saveExternal-0", epoch: 0 };

  /** Runs a batch that is not committed. */
  async function preparedBy(lab: GraphLab): Promise<PreparedOutput> {
    const { error, prepared } = await lab.run(1000);
    if (error !== undefined) throw error;
    const [output] = prepared.outputs;
    if (output === undefined || prepared.outputs.length > 1) throw new Error("one output was to prepare something");
    return structuredClone(output); // it may come from another thread
  }

  test("is committed with the batch, with the writers' results in partition order", async () => {
    const { lab, told } = await archive(both);
    const output = await preparedBy(lab);
    expect(output).toMatchObject({
      kind: "sink",
      output: { name: "saveExternal-0", label: "saveExternal to archive of map" },
    });
    expect(told).toEqual([]);
    await lab.graph.commitOutput(TIME, output);
    expect(told).toEqual([["commit", BATCH, WRITTEN]]);
  });

  test("is called to abort a batch that is not committed", async () => {
    const { lab, told } = await archive(both);
    await lab.graph.discardOutput(TIME, await preparedBy(lab));
    expect(told).toEqual([["abort", BATCH, WRITTEN]]);
  });

  test("is called to abort at once when a task has failed, and has nothing to commit", async () => {
    const { lab, told } = await archive(both);
    lab.port.run = () => Promise.reject(new Error("no space"));
    const { error, prepared } = await lab.run(1000);
    expect([error?.message, prepared.outputs, told]).toEqual(["no space", [], [["abort", BATCH, []]]]);
  });

  test("may refuse a commit, which can be tried again", async () => {
    let refusals = 1;
    const { lab, told } = await archive((calls) => ({
      commit: (_, written) => {
        if (refusals-- > 0) throw new Error("conflict");
        calls.push(written);
      },
    }));
    const output = await preparedBy(lab);
    await expect(lab.graph.commitOutput(TIME, output)).rejects.toMatchObject({
      message: expect.stringMatching(/SINK_COMMIT_FAILED\] commit of archive threw Error: conflict .*for batch 1000/),
      retry: "same-task",
    });
    await lab.graph.commitOutput(TIME, output);
    expect(told).toEqual([WRITTEN]);
  });

  test("is told when a job with a log starts what is left of it, before the first batch", async () => {
    const { lab, told } = await archive((calls) => ({ recover: (start) => void calls.push(start), commit: () => {} }));
    expect(told).toEqual([]); // this one has none
    const writes = await preparedBy(lab);
    const again = async (pending: Partial<PendingBatch> | undefined) => {
      const { lab: next, told: starts } = await archive((calls) => ({ recover: (start) => void calls.push(start) }));
      const committed = { last: epochMs(900), states: new Map() };
      const left = {
        time: TIME,
        inputs: new Map(),
        states: new Map(),
        prepared: undefined,
        error: undefined,
        done: [],
      };
      const found = {
        ...{
          zeroTime: epochMs(0),
          committed,
          remembered: [],
          memories: new Map(),
          memoriesAt: epochMs(0),
          received: new Map(),
        },
        pending: pending && { ...left, ...pending },
      };
      await next.graph.startBatches(epochMs(0), { id: "5f3a", log: { epoch: 7, found, received: new Map() } });
      return starts[0];
    };
    const batch = { ...BATCH, id: "test.5f3a/saveExternal-0/1000", epoch: 7 };
    const { output } = BATCH;
    const id = "test.5f3a/saveExternal-0";
    expect(await again(undefined)).toEqual({ id, output, epoch: 7, committed: 900, pending: undefined });
    expect(await again({})).toEqual({ id, output, epoch: 7, committed: 900, pending: { batch, prepared: undefined } });
    expect(await again({ prepared: { states: new Map(), outputs: [writes] } })).toEqual({
      ...{ id, output, epoch: 7, committed: 900 },
      pending: { batch, prepared: WRITTEN },
    });
    expect(await again({ done: [writes.output] })).toEqual({
      id,
      output,
      epoch: 7,
      committed: 1000,
      pending: undefined,
    });
  });

  test("that fails to discard its writes causes a warning", async () => {
    const { lab } = await archive(() => ({
      abort: () => {
        throw new Error("gone");
      },
    }));
    await lab.graph.discardOutput(TIME, await preparedBy(lab));
    expect(lab.port.warnings).toEqual([expect.stringMatching(/abort of archive threw Error: gone/)]);
  });

  test("may do without a commit, and prepares nothing then", async () => {
    const { lab } = await archive(() => ({}));
    const { prepared } = await lab.run(1000);
    expect(prepared.outputs).toEqual([]);
    expect(lab.port.takePlans()).toMatch(/-> write millrace:openExternal/);
  });

  test("whose methods are no functions is refused", async () => {
    const none = "later" as never; // what a job without types may give
    await expect(archive(() => ({ commit: none, abort: none }))).rejects.toThrow(
      /commit of the sink given to saveExternal/,
    );
  });
});

describe("a package's functions and classes", () => {
  afterEach(() => Reflect.deleteProperty(globalThis, JOB_HOOKS));

  test("are known by the package's names where a job is loaded", () => {
    const registry = new JobRegistry();
    Reflect.set(globalThis, JOB_HOOKS, registry);
    class Ticket {}
    shipPackage("tickets", { read, Ticket });
    expect(registry.ship(read, "read").id).toBe("import:tickets#read");
    expect(registry.classes.idOf(Ticket)).toBe("tickets#Ticket");
  });

  test("are unchanged where no job is loaded", () => {
    shipPackage("tickets", { read });
    const registry = new JobRegistry({ inline: new InlineFunctions() });
    expect(registry.ship(read, "read").id).toMatch(/^inline:/);
  });

  test("are nothing else", () => {
    const table = 7 as never; // what a package without types may give
    expect(() => shipPackage("tickets", { table })).toThrow(/BAD_ARGUMENT.*table of package tickets is number/);
  });
});
