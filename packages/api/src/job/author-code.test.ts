import { expect, test } from "vitest";
import { GraphLab } from "../lab/graph.fixture.ts";

const here = /\(at author-code\.test\.ts:\d+:\d+[,)]/;

test("an error of build is reported with its line, and kept as the cause", async () => {
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

test("an error of a body of foreachRDD fails the batch, with its line", async () => {
  const lab = await GraphLab.build((ssc) =>
    ssc.socketTextStream("h", 1).foreachRDD(async () => {
      throw new Error("no database");
    }),
  );
  const { error } = await lab.batch(1000);
  expect(error?.message).toMatch(/^\[JOB_CODE_FAILED\] the body of foreachRDD threw Error: no database \(at /);
  expect(error?.message).toMatch(here);
});

test("a function given to transform is named; a thrown value that is not an Error is reported without a line", async () => {
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

test("errors of the engine are passed on unchanged", async () => {
  const lab = await GraphLab.build((ssc) => ssc.socketTextStream("h", 1).foreachRDD((rdd) => rdd.first()));
  lab.port.answer = () => [[]];
  expect((await lab.batch(1000)).error).toMatchObject({ code: "EMPTY_COLLECTION" });
});
