import { decodeValue, emptyClassTable } from "@millrace/codec";
import { JOB_HOOKS } from "@millrace/plan";
import { afterEach, describe, expect, test } from "vitest";
import { InlineFunctions, JobRegistry } from "../function/job-registry.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { type ExternalSink, saveExternal } from "./external-sink.ts";
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

  test("that throws fails the batch with what it threw", async () => {
    const lab = await labOf(() => {
      throw new Error("no brokers");
    });
    expect((await lab.batch(1000)).error?.message).toMatch(/JOB_CODE_FAILED.*fix of tickets threw Error: no brokers/);
  });

  test("without a label or functions is refused", async () => {
    const none = undefined as never; // what a job without types may give
    await expect(GraphLab.build((ssc) => externalStream(ssc, none))).rejects.toThrow(/externalStream/);
  });
});

describe("a sink that a package brings", () => {
  const archive = (commit: ExternalSink<number, string>["commit"]): ExternalSink<number, string> => ({
    label: "archive",
    options: undefined,
    open: ({ partition }) => ({ write: () => {}, close: () => `part-${partition}` }),
    ...(commit === undefined ? {} : { commit }),
  });
  const build = (commit?: ExternalSink<number, string>["commit"]) =>
    GraphLab.build((ssc: StreamingContext) =>
      saveExternal(
        ssc.rateStream(10, { numPartitions: 2 }).map(({ value }) => value),
        archive(commit),
      ),
    );

  test("is committed with what the writers told, in partition order, once a batch", async () => {
    const committed: unknown[] = [];
    const lab = await build((time, written) => void committed.push([time, written]));
    lab.port.answer = (stage) => stage.tasks.map((task) => [`part-${task.partition}`]);
    await lab.plansOf(1000);
    expect(committed).toEqual([[1000, ["part-0", "part-1"]]]);
  });

  test("may do without a commit", async () => {
    expect(await (await build()).plansOf(1000)).toMatch(/-> write millrace:openExternal/);
  });

  test("whose commit throws fails its output", async () => {
    const lab = await build(() => {
      throw new Error("conflict");
    });
    expect((await lab.batch(1000)).error?.message).toMatch(/JOB_CODE_FAILED.*commit of archive threw Error: conflict/);
  });
});

describe("a package's functions and classes", () => {
  afterEach(() => Reflect.deleteProperty(globalThis, JOB_HOOKS));

  test("are known by the names that it gives, where a job is loaded", () => {
    const registry = new JobRegistry();
    Reflect.set(globalThis, JOB_HOOKS, registry);
    class Ticket {}
    shipPackage("tickets", { read, Ticket });
    expect(registry.ship(read, "read").id).toBe("import:tickets#read");
    expect(registry.classes.idOf(Ticket)).toBe("tickets#Ticket");
  });

  test("are as they were where none is", () => {
    shipPackage("tickets", { read });
    const registry = new JobRegistry({ inline: new InlineFunctions() });
    expect(registry.ship(read, "read").id).toMatch(/^inline:/);
  });

  test("are nothing else", () => {
    const table = 7 as never; // what a package without types may give
    expect(() => shipPackage("tickets", { table })).toThrow(/BAD_ARGUMENT.*table of package tickets is number/);
  });
});
