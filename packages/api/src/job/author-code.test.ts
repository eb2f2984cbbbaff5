import { expect, test } from "vitest";
import { GraphLab } from "../lab/graph.fixture.ts";

const here = /\(at author-code\.test\.ts:\d+:\d+[,)]/;

test("what build throws is told with its line, and keeps what was thrown", async () => {
  const thrown = new TypeError("stream.sum is not a function");
  const error: unknown = await GraphLab.build(() => {
    throw thrown;
  }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: "JOB_CODE_FAILED",
    blame: "user",
    cause: thrown,
    message: expect.stringMatching(
      /^\[JOB_CODE_FAILED\] build threw TypeError: stream.sum is not a function \(at .*millrace check/,
    ),
  });
  expect(error).toMatchObject({ message: expect.stringMatching(here) });
});

test("what a body of foreachRDD throws fails the batch with its line", async () => {
  const lab = await GraphLab.build((ssc) =>
    ssc.socketTextStream("h", 1).foreachRDD(async () => {
      throw new Error("no database");
    }),
  );
  const { error } = await lab.batch(1000);
  expect(error?.message).toMatch(/^\[JOB_CODE_FAILED\] the body of foreachRDD threw Error: no database \(at /);
  expect(error?.message).toMatch(here);
});

test("a function given to transform is named; what is not an Error is told without a line", async () => {
  const lab = await GraphLab.build((ssc) =>
    ssc
      .socketTextStream("h", 1)
      .transform(() => Promise.reject("enough"))
      .print(),
  );
  const { error } = await lab.batch(1000);
  expect(error?.message).toMatch(
    /the function given to transform threw a value of type string: enough\. .*catch the error\.$/,
  );
});

test("errors of the engine pass as they are", async () => {
  const lab = await GraphLab.build((ssc) => ssc.socketTextStream("h", 1).foreachRDD((rdd) => rdd.first()));
  lab.port.answer = () => [[]];
  expect((await lab.batch(1000)).error).toMatchObject({ code: "EMPTY_COLLECTION" });
});
