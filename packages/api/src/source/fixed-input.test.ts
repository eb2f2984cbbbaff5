import { epochMs, millis } from "@millrace/base";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import { locationFrom } from "@millrace/files";
import type { FixedInput } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { InputDStream } from "./input-dstream.ts";

const TIME = epochMs(1000);

const FILES: FixedInput = { kind: "files", files: [{ path: locationFrom("/in/a"), bytes: 7, version: "7@500000000" }] };

/** A job whose directory has a file of seven bytes for the batch of 1000. */
async function labOf(build: (ssc: StreamingContext) => unknown) {
  const lab = await GraphLab.build(build);
  const { memory, clock } = lab.port;
  memory.directory("/in");
  memory.add("/in/a", { bytes: 7, modifiedMs: 500 });
  clock.advance(millis(1000));
  const fix = async (time = TIME) => Object.fromEntries((await lab.graph.fixInput(time)).inputs);
  const run = async (inputs: Readonly<Record<string, FixedInput>>, time = TIME) => {
    const outcome = await lab.graph.runBatch({ time, inputs: new Map(Object.entries(inputs)), states: new Map() });
    const tasks = lab.port.plans.splice(0).flatMap(({ stages }) => stages.flatMap((stage) => stage.tasks));
    const read = tasks.flatMap((task) => task.inputs.flatMap((part) => (part.kind === "file" ? [part.path] : [])));
    return { outcome, read };
  };
  return { lab, port: lab.port, fix, run };
}

/** A source of the job's own that never has data. */
class Table extends InputDStream<number> {
  readonly #asked: (time: number) => void;
  constructor(asked: (time: number) => void = () => undefined) {
    super();
    this.#asked = asked;
  }
  override compute(time: number): undefined {
    this.#asked(time);
  }
}

describe("the fixed input of a batch", () => {
  test("has each input that something reads, by its name or its place in the job's text", async () => {
    const { fix } = await labOf((ssc) => {
      ssc.socketTextStream("localhost", 9).print();
      ssc.textFileStream("/in").named("logs").print();
      ssc.textFileStream("/nobody/reads/this");
      ssc.rateStream(5).print();
      ssc.queueStream([["x", "y"]]).print();
      ssc.inputStream(new Table()).print();
    });
    expect(await fix()).toEqual({
      logs: FILES,
      "input-3": { kind: "rate", from: 0, until: 5, recordsPerSecond: 5, zeroTime: 0 },
      "input-4": { kind: "unlogged", records: 2 },
      "input-5": { kind: "unlogged", records: 0 },
    });
  });

  test("can be written down and read back", async () => {
    const { fix } = await labOf((ssc) => {
      ssc.textFileStream("/in").print();
      ssc.rateStream(5).print();
      ssc.queueStream([["x"]]).print();
      ssc.fileStream("/in", { filter: () => assertNever() }).print();
    });
    const inputs = await fix();
    expect(inputs["input-3"]).toMatchObject({ kind: "failed", error: { kind: { code: "JOB_CODE_FAILED" } } });
    const written = encodeValue(inputs, emptyClassTable);
    expect(decodeValue(written, emptyClassTable)).toEqual(inputs);
    expect(structuredClone(inputs)).toEqual(inputs);
  });

  test("is chosen before anything of the batch runs", async () => {
    const seen: string[] = [];
    const { fix, run } = await labOf((ssc) => {
      const lines = ssc.textFileStream("/in").transform((rdd) => {
        seen.push("transform");
        return rdd;
      });
      lines.print();
      ssc.inputStream(new Table((time) => void seen.push(`fixed ${time}`))).print();
    });
    await run(await fix());
    expect(seen).toEqual(["fixed 1000", "transform"]);
  });
});

describe("a batch", () => {
  test("reads its fixed input, even if its sources have changed since", async () => {
    const queue: string[][] = [["x"]];
    const { port, fix, run } = await labOf((ssc) => {
      ssc.textFileStream("/in").print();
      ssc.queueStream(queue).print();
    });
    const inputs = await fix();
    port.memory.add("/in/b", { modifiedMs: 500 });
    port.memory.entries.delete("/in/a");
    queue.length = 0;
    const { outcome, read } = await run(inputs);
    expect(outcome.failures).toEqual([]);
    expect(read).toEqual(["/in/a"]);
    expect(outcome.inputs).toMatchObject([
      { name: "textFileStream /in", files: ["/in/a"] },
      { name: "queueStream", records: 1 },
    ]);
  });

  test("reads what the value describes without asking a source, so that a logged value suffices", async () => {
    const { port, fix, run } = await labOf((ssc) => ssc.textFileStream("/in").print());
    await fix();
    port.memory.list = () => assertNever();
    const { read } = await run({
      "input-0": { kind: "files", files: [{ path: locationFrom("/old/z"), bytes: 1, version: "v" }] },
    });
    expect(read).toEqual(["/old/z"]);
  });

  test("fails only in the parts that need an input that could not be fixed", async () => {
    const { fix, run } = await labOf((ssc) => {
      ssc.inputStream(new Table(() => assertNever())).print();
      ssc.textFileStream("/in").print();
    });
    const { outcome, read } = await run(await fix());
    expect(outcome.failures).toMatchObject([
      { output: { label: "print of inputStream Table" }, error: { code: "JOB_CODE_FAILED" } },
    ]);
    expect(read).toEqual(["/in/a"]);
    expect(outcome.inputs.map(({ name }) => name)).toEqual(["textFileStream /in"]);
  });
});

function assertNever(): never {
  throw new RangeError("this is not to be called");
}
