import { millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { GraphLab } from "../lab/graph.fixture.ts";
import type { DStream } from "../stream/dstream.ts";
import type { StreamBatch } from "./async-output.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A job whose stream has, in each batch, two partitions with the time and with what follows it. */
async function labOf<I>(read: (stream: DStream<number>) => I) {
  let iterable: I | undefined;
  const lab = await GraphLab.build((ssc) => {
    iterable = read(ssc.iterableStream(() => [1]));
  });
  let time = 0;
  lab.port.answer = () => [[time], [time + 1]];
  const batch = (at: number) => {
    time = at;
    return lab.batch(at, { blocks: ["recv/0"] });
  };
  if (iterable === undefined) throw new Error("build ran");
  return { lab, batch, iterable };
}

describe("toAsyncIterable", () => {
  test("yields the records of all partitions, batch by batch, and ends with the job", async () => {
    const { lab, batch, iterable } = await labOf((stream) => stream.toAsyncIterable());
    const read = (async () => {
      const records: number[] = [];
      for await (const record of iterable) records.push(record);
      return records;
    })();
    await batch(1000);
    await batch(2000);
    expect(await lab.graph.end(undefined)).toBe(true);
    expect(await read).toEqual([1000, 1001, 2000, 2001]);
  });

  test("yields whole batches with their times on request, including empty ones", async () => {
    const { lab, batch, iterable } = await labOf((stream) => stream.toAsyncIterable({ batches: true }));
    const read = (async () => {
      const batches: StreamBatch<number>[] = [];
      for await (const one of iterable) batches.push(one);
      return batches;
    })();
    await batch(1000);
    lab.port.answer = () => [[], []];
    await batch(2000);
    await lab.graph.end(undefined);
    expect(await read).toEqual([
      { time: 1000, records: [1000, 1001] },
      { time: 2000, records: [] },
    ]);
  });

  test("holds up a batch while the loop is behind, and says so when that lasts", async () => {
    const { lab, batch, iterable } = await labOf((stream) => stream.toAsyncIterable({ highWater: 0, batches: true }));
    const held = batch(1000);
    await iterable.next();
    await turn();
    lab.port.clock.advance(millis(10_000));
    expect(lab.port.warnings).toEqual([
      expect.stringMatching(/batch 1000 waits for the loop that reads toAsyncIterable of iterableStream/),
    ]);
    expect([...lab.port.standing.values()]).toMatchObject([{ code: "LOOP_SLOW", lasting: true }]);
    void iterable.next();
    expect((await held).error).toBeUndefined();
    expect([...lab.port.standing]).toEqual([]);
  });

  test("fetches nothing once the loop is left", async () => {
    const { lab, batch, iterable } = await labOf((stream) => stream.toAsyncIterable());
    await iterable.return?.();
    expect((await batch(1000)).error).toBeUndefined();
    expect(lab.port.plans).toEqual([]);
    expect(await lab.graph.end(undefined)).toBe(false);
  });

  test("throws the error that made the job fail", async () => {
    const { lab, iterable } = await labOf((stream) => stream.toAsyncIterable());
    const asked = iterable.next();
    void lab.graph.end(new Error("a batch failed"));
    await expect(asked).rejects.toThrow("a batch failed");
  });

  test("is refused an option that it does not have", async () => {
    const options = { highwater: 3 } as never; // as untyped code may
    await expect(GraphLab.build((ssc) => ssc.iterableStream(() => [1]).toAsyncIterable(options))).rejects.toThrow(
      /\[BAD_ARGUMENT\] toAsyncIterable has no option "highwater"\. It has highWater, batches/,
    );
  });

  test.each([-1, 1.5, Number.NaN])("is refused a highWater of %d", async (highWater) => {
    await expect(GraphLab.build((ssc) => ssc.iterableStream(() => [1]).toAsyncIterable({ highWater }))).rejects.toThrow(
      /\[BAD_ARGUMENT\] the highWater of toAsyncIterable/,
    );
  });
});
