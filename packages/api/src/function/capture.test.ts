import { decodeCaptures } from "@millrace/codec";
import { describe, expect, test } from "vitest";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { Broadcast } from "../shared/broadcast.ts";
import { JobRegistry } from "./job-registry.ts";

const site = { file: "job.ts", line: 12, column: 8 };

/** A host whose job was bundled: what carries no tag is refused. */
function bundled() {
  const registry = new JobRegistry();
  const port = Object.assign(new FakePort(), { registry });
  let next = 0;
  const lift = <F extends (...args: never[]) => unknown>(
    fn: F,
    captures: Record<string, () => unknown> = {},
    more: { readonly assigned?: readonly string[] } = {},
  ): F => {
    const names = Object.keys(captures);
    const read = () => names.map((name) => captures[name]?.());
    return registry.tag(fn, `job.ts#${next++}`, read, names, site, more.assigned);
  };
  return { port, registry, lift };
}

function decode(bytes: Uint8Array | undefined, registry: JobRegistry): unknown[][] {
  const resolve = (tag: string, id: string, captures: unknown[]) => ({ tag, id, captures });
  return decodeCaptures(bytes ?? new Uint8Array(), { classes: registry.classes, resolve });
}

describe("captured values", () => {
  test("are read anew for each batch, and ship for each function in order", async () => {
    const { port, registry, lift } = bundled();
    let limit = 1;
    const lab = await GraphLab.build(
      (ssc) => {
        const lines = ssc.socketTextStream("localhost", 9999);
        const wide = lines.filter(lift((w: string) => w.length > limit, { limit: () => limit }));
        wide.map(lift((w: string) => w.trim())).print();
      },
      { port },
    );
    for (const expected of [1, 2]) {
      await lab.batch(expected * 1000, { blocks: ["recv/0"] });
      const [plan] = port.plans.splice(0);
      expect(decode(plan?.stages[0]?.captures[0], registry)).toEqual([[expected], []]);
      limit += 1;
    }
  });

  test("may be other functions, built-ins, imports, broadcast variables and accumulators", async () => {
    const { port, registry, lift } = bundled();
    const helper = lift((n: number) => n + 1, { by: () => 7 });
    const chunk = (): void => {};
    registry.defineImport("lodash#chunk", chunk);
    let table: Broadcast<Map<string, number>> | undefined;
    const lab = await GraphLab.build(
      (ssc) => {
        table = ssc.broadcast(new Map([["a", 1]]));
        const seen = ssc.longAccumulator("seen");
        ssc
          .socketTextStream("localhost", 9999)
          .map(
            lift((w: string) => w, {
              helper: () => helper,
              parse: () => JSON.parse,
              chunk: () => chunk,
              table: () => table,
              seen: () => seen,
            }),
          )
          .print();
      },
      { port },
    );
    await lab.batch(1000, { blocks: ["recv/0"] });
    const stage = port.plans[0]?.stages[0];
    expect(decode(stage?.captures[0], registry)).toEqual([
      [
        { tag: "fn", id: "job.ts#0", captures: [7] },
        { tag: "builtin", id: "global:JSON.parse", captures: [] },
        { tag: "import", id: "import:lodash#chunk", captures: [] },
        { tag: "broadcast", id: "broadcast/0", captures: [] },
        { tag: "accumulator", id: "0", captures: ["long", "seen"] },
      ],
    ]);
    expect(stage?.broadcasts.map((block) => block.id)).toEqual(["broadcast/0"]);
    expect(port.put).toEqual(["broadcast/0"]);
    await lab.batch(2000, { blocks: ["recv/1"] });
    expect(port.put).toEqual(["broadcast/0"]); // put once
    table?.unpersist();
    expect(port.dropped).toEqual(["broadcast/0"]);
    await lab.batch(3000, { blocks: ["recv/2"] });
    expect(port.put).toEqual(["broadcast/0", "broadcast/0.1"]);
  });

  test("of a variable declared further down are checked when the graph is complete", async () => {
    const { port, lift } = bundled();
    const build = GraphLab.build(
      (ssc) => {
        const lines = ssc.socketTextStream("localhost", 9999);
        lines.map(lift((w: string) => w, { later: () => later })).print();
        const later = ssc;
      },
      { port },
    );
    await expect(build).rejects.toThrow(
      /CAPTURE_NOT_SHIPPABLE\] the variable "later" .* StreamingContext.*job\.ts:12:8/,
    );
  });
});

describe("a capture that cannot ship is refused when its function is handed over", () => {
  const refuse = (
    captures: (lab: { readonly stream: unknown; readonly ssc: unknown }) => Record<string, () => unknown>,
  ) => {
    const { port, lift } = bundled();
    return GraphLab.build(
      (ssc) => {
        const stream = ssc.socketTextStream("localhost", 9999);
        stream.map(lift((w: string) => w, captures({ stream, ssc }))).print();
      },
      { port },
    );
  };

  test("a stream", async () => {
    await expect(refuse(({ stream }) => ({ stream: () => stream }))).rejects.toThrow(
      /CAPTURE_NOT_SHIPPABLE\] the variable "stream" is captured .* is a DStream\. .*transform.* \(job\.ts:12:8\)/,
    );
  });

  test("the context, within an object", async () => {
    await expect(refuse(({ ssc }) => ({ tools: () => ({ ssc }) }))).rejects.toThrow(
      /CAPTURE_NOT_SHIPPABLE\] the variable "tools" .* the StreamingContext.*job\.ts:12:8/,
    );
  });

  test("a promise", async () => {
    await expect(refuse(() => ({ answer: () => Promise.resolve(1) }))).rejects.toThrow(
      /"answer".*a promise\. Await it/,
    );
  });

  test("something with no value of its own, named by its path", async () => {
    await expect(refuse(() => ({ pool: () => ({ sockets: [new WeakMap()] }) }))).rejects.toThrow(
      /CAPTURE_NOT_SHIPPABLE\].*pool\.sockets\[0\].*job\.ts:12:8/,
    );
  });

  test("a function of nobody's", async () => {
    await expect(refuse(() => ({ bound: () => (() => 1).bind(null) }))).rejects.toThrow(/CAPTURE_NOT_SHIPPABLE.*bound/);
  });

  test("in a driver body: when the body first runs", async () => {
    const { port, lift } = bundled();
    const lab = await GraphLab.build(
      (ssc) =>
        ssc.socketTextStream("localhost", 9999).foreachRDD((rdd) => rdd.foreach(lift(() => {}, { rdd: () => rdd }))),
      { port },
    );
    const { error, failures } = await lab.batch(1000, { blocks: ["recv/0"] });
    expect(error?.message).toMatch(/CAPTURE_NOT_SHIPPABLE\] the variable "rdd" .* an RDD\./);
    expect(failures).toMatchObject([{ output: { label: "foreachRDD of socketTextStream localhost:9999" } }]);
  });
});

describe("a function that cannot ship is refused", () => {
  const refuse = (fn: (tools: ReturnType<typeof bundled>) => unknown) => {
    const tools = bundled();
    return GraphLab.build(
      (ssc) =>
        ssc
          .socketTextStream("localhost", 9999)
          .map(fn(tools) as (w: string) => string)
          .print(),
      { port: tools.port },
    );
  };

  test("because it assigns to a captured variable", async () => {
    const build = refuse(({ lift }) => lift((w: string) => w, { total: () => 1 }, { assigned: ["total"] }));
    await expect(build).rejects.toThrow(
      /FUNCTION_NOT_SHIPPABLE\] the variable "total" .* assigned .*accumulator.*job\.ts:12:8/,
    );
  });

  test("because a function that it captures does", async () => {
    const build = refuse(({ lift }) => {
      const bump = lift(() => {}, { total: () => 1 }, { assigned: ["total"] });
      return lift((w: string) => w, { bump: () => bump });
    });
    await expect(build).rejects.toThrow(/"total"/);
  });

  test("because the bundler says so", async () => {
    const build = refuse(({ registry }) =>
      registry.tag(
        (w: string) => w,
        "x",
        () => [],
        [],
        site,
        [],
        [{ message: '"super" cannot ship. Call the method by name.', site }],
      ),
    );
    await expect(build).rejects.toThrow(/FUNCTION_NOT_SHIPPABLE\] "super" cannot ship\. .* \(job\.ts:12:8\)/);
  });

  test.each([
    [(w: string) => w, "the function"],
    [((w: string) => w).bind(null), "bind"],
    [undefined, "map takes a function, and was given undefined"],
    [{}, "was given object"],
  ])("because it is %s", async (fn, words) => {
    await expect(refuse(() => fn)).rejects.toThrow(words);
  });
});

test("built-ins ship by name", async () => {
  const { port } = bundled();
  const lab = await GraphLab.build((ssc) => ssc.socketTextStream("localhost", 9999).map(Number).print(), { port });
  expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toContain("map global:Number");
});
