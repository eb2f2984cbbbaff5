import { defineJob, type StreamingContext } from "@millrace/api";
import type { EngineError } from "@millrace/base";
import { afterEach, describe, expect, test } from "vitest";
import { testJob } from "./test-job.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** @returns The error of the first batch. */
async function failureOf(build: (ssc: StreamingContext) => unknown) {
  const t = await testJob(defineJob({ name: "lines", batchInterval: "1s" }, build));
  closing.push(() => t.stop());
  const error = await t.advance("1s").then(
    () => undefined,
    (reason: EngineError) => reason, // every failed batch rejects with one
  );
  return { error, warnings: t.warnings };
}

const here = expect.stringMatching(/author-lines\.test\.ts$/);
const numbers = (ssc: StreamingContext) => ssc.queueStream([[1, 2, 3]]);

describe("a refusal that comes up on an executor", () => {
  test("names the line of the action that required it, and is not retried", async () => {
    const { error, warnings } = await failureOf((ssc) =>
      numbers(ssc).foreachRDD(async () => {
        await ssc
          .parallelize([1, 2, 3], 1)
          .zip(ssc.parallelize([1, 2], 1))
          .collect();
      }),
    );
    expect(error).toMatchObject({ code: "PARTITION_LENGTHS_DIFFER", site: { file: here } });
    expect(warnings.filter((text) => text.includes("tried again"))).toEqual([]);
  });

  test("names the line of the output operation that required it, with its stream", async () => {
    const { error, warnings } = await failureOf((ssc) =>
      numbers(ssc)
        .transform(() => ssc.parallelize([new Map([["n", 1]])], 1))
        .saveAsTextFiles("/nowhere/at/all/out"),
    );
    expect(error).toMatchObject({ code: "RECORD_NOT_TEXT", site: { file: here } });
    expect(error?.message).toMatch(/Map\(1\).* cannot be written as JSON/);
    expect(warnings.filter((text) => text.includes("tried again"))).toEqual([]);
  });
});

test("an error from merge of an accumulator has a code, its own line, and the line of the action", async () => {
  const { error } = await failureOf((ssc) => {
    const odd = ssc.accumulator(
      {
        zero: () => 0,
        add: (a: number, b: number) => a + b,
        merge: (): number => {
          throw new RangeError("does not merge");
        },
      },
      "odd",
    );
    numbers(ssc).foreachRDD((rdd) => rdd.foreach((n) => odd.add(n)));
  });
  expect(error).toMatchObject({ code: "JOB_CODE_FAILED", site: { file: here } });
  expect(error?.message).toMatch(
    /merge of the custom accumulator odd threw RangeError: does not merge \(at author-lines\.test\.ts:\d+/,
  );
});

test("an error from zero of an accumulator has a code and its line", async () => {
  const refused = failureOf((ssc) =>
    ssc.accumulator({
      zero: (): number => {
        throw new RangeError("no zero");
      },
      add: (a: number, b: number) => a + b,
      merge: (a: number, b: number) => a + b,
    }),
  );
  await expect(refused).rejects.toThrow(
    /\[JOB_CODE_FAILED\] zero of the custom accumulator 0 threw RangeError: no zero \(at author-lines\.test\.ts:/,
  );
});

test("a thrown value that is no error is reported by its content", async () => {
  const { error } = await failureOf((ssc) =>
    numbers(ssc).foreachRDD(() => {
      throw { code: 5 };
    }),
  );
  expect(error?.message).toContain("the body of foreachRDD threw a value of type object: { code: 5 }.");
});
