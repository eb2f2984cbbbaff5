import { defineJob, type NumberAccumulator } from "@millrace/api";
import { expect, test } from "vitest";
import { testJob } from "./test-job.ts";

const LETTERS = [..."abcdefghijklmnopqrst"];

test("print runs as in production: it reads no more than it shows, and the test's own view leaves no trace in the job", async () => {
  let mapped: NumberAccumulator | undefined;
  const job = defineJob({ name: "prints", batchInterval: "1s" }, (ssc) => {
    const count = ssc.longAccumulator();
    mapped = count;
    ssc
      .socketTextStream("localhost", 9999)
      .map((letter) => {
        count.add(1);
        console.log(letter);
        return letter;
      })
      .print(2);
  });
  const t = await testJob(job);
  t.feed("localhost:9999", LETTERS);
  await t.advance("1s");
  const lines = [...t.log];
  expect(t.printed()).toEqual(LETTERS);
  expect(t.output.split("\n").slice(3, 6)).toEqual(["a", "b", "..."]);
  expect(lines).toEqual(LETTERS.slice(0, 3));
  expect(mapped?.value).toBe(3);
  await t.stop();
});
