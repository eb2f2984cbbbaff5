import { testJob } from "millrace/testing";
import { expect, test } from "vitest";

test("requests and errors of a path are counted for ten seconds", async () => {
  const t = await testJob(new URL("./job.ts", import.meta.url));
  t.feed("{{input}}", ["GET /cart 200 17", "GET /cart 503 2", "no request"]); // stands in for the source
  await t.advance("2s"); // runs exactly one batch, in virtual time
  expect(t.printed()).toEqual([["/cart", { requests: 2, errors: 1 }]]);

  t.feed("{{input}}", ["POST /order 201 40"]);
  await t.advance("8s");
  expect(t.printed()).toContainEqual(["/cart", { requests: 2, errors: 1 }]);
  await t.advance("2s");
  expect(t.printed()).toEqual([["/order", { requests: 1, errors: 0 }]]);
  await t.stop();
});
