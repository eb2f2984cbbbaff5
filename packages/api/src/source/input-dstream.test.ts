import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { RDD } from "../rdd/rdd.ts";
import { ConstantInputDStream, InputDStream } from "./input-dstream.ts";

/** Gives what a function says, and notes what it is asked. */
class Scripted extends InputDStream<number> {
  readonly asked: string[] = [];
  readonly #give: (time: number) => unknown;

  constructor(give: (time: number) => unknown) {
    super();
    this.#give = give;
  }

  override async start(): Promise<void> {
    this.asked.push("start");
    await Promise.resolve();
    this.asked.push("started");
  }

  override compute(time: number): RDD<number> | undefined {
    this.asked.push(`compute ${time}`);
    return this.#give(time) as RDD<number>; // whatever a test says
  }

  override stop(): void {
    this.asked.push("stop");
  }
}

async function labOf(give: (time: number, ssc: StreamingContext) => unknown) {
  const port = new FakePort();
  let input: Scripted | undefined;
  const lab = await GraphLab.build(
    (ssc) => {
      input = new Scripted((time) => give(time, ssc));
      const stream = ssc.inputStream(input);
      stream.print();
      stream.map((n) => n + 1).print();
    },
    { port },
  );
  return { lab, port, asked: input?.asked ?? [] };
}

describe("an input stream of the job's own", () => {
  test("is started before the first batch, asked once in each, and stopped at the end", async () => {
    const { lab, asked } = await labOf((_, ssc) => ssc.parallelize([1, 2], 1));
    await lab.plansOf(1000);
    await lab.plansOf(2000);
    await lab.graph.end(undefined);
    await lab.graph.end(undefined);
    expect(asked).toEqual(["start", "started", "compute 1000", "compute 2000", "stop"]);
  });

  test("makes an empty batch of undefined: its outputs run, and no task does", async () => {
    const { lab, port } = await labOf(() => undefined);
    expect(await lab.plansOf(1000)).toBe("");
    expect(port.texts).toHaveLength(2);
  });

  test.each([[7], [null], [{}], ["rdd"]])("fails its batch when it gives %s", async (given) => {
    const { lab } = await labOf(() => given);
    const { error } = await lab.batch(1000);
    expect(error?.message).toMatch(/\[TRANSFORM_RESULT\] compute of inputStream Scripted returned .* for batch 1000/);
  });

  test("fails its batch with its error", async () => {
    const { lab } = await labOf(() => {
      throw new RangeError("no table");
    });
    const { error } = await lab.batch(1000);
    expect(error?.message).toMatch(/\[JOB_CODE_FAILED\] compute of inputStream Scripted threw RangeError: no table/);
  });

  test("that does not begin keeps the job from starting", async () => {
    class Broken extends InputDStream<number> {
      override start(): void {
        throw new Error("no connection");
      }
      override compute(): undefined {}
    }
    await expect(GraphLab.build((ssc) => ssc.inputStream(new Broken()).print())).rejects.toThrow(
      /\[JOB_CODE_FAILED\] start of inputStream Broken threw Error: no connection/,
    );
  });

  test("that does not stop is a warning", async () => {
    class Clinging extends InputDStream<number> {
      override compute(): undefined {}
      override async stop(): Promise<void> {
        throw new Error("busy");
      }
    }
    const lab = await GraphLab.build((ssc) => ssc.inputStream(new Clinging()).print());
    await lab.graph.end(undefined);
    expect(lab.port.warnings).toEqual([expect.stringMatching(/stop of inputStream Clinging threw Error: busy/)]);
  });

  test("is refused if it is not one, and in a function that ships", async () => {
    await expect(GraphLab.build((ssc) => ssc.inputStream({} as InputDStream<number>).print())).rejects.toThrow(
      /\[BAD_ARGUMENT\] inputStream takes an instance of a class that extends InputDStream/,
    );
    const port = new FakePort();
    const lab = GraphLab.build(
      (ssc) => {
        const input = new Scripted(() => undefined);
        const site = { file: "job.ts", line: 3, column: 4 };
        const fn = port.registry.tag(
          (n: number) => n + input.asked.length,
          "job.ts#1",
          () => [input],
          ["input"],
          site,
        );
        ssc.inputStream(input).map(fn).print();
      },
      { port },
    );
    await expect(lab).rejects.toThrow(/the variable "input" is captured .* and is an input stream/);
  });
});

test("a constant input stream has the same RDD in each batch", async () => {
  const lab = await GraphLab.build((ssc) =>
    ssc.inputStream(new ConstantInputDStream(ssc.parallelize(["a", "b"], 2))).print(),
  );
  for (const time of [1000, 2000]) expect(await lab.plansOf(time)).toContain("2 tasks");
});
