import assert from "node:assert/strict";
import { test } from "node:test";
import { testJob } from "millrace/testing";

test("requests and errors of a path are counted for ten seconds", async () => {
  const t = await testJob(new URL("./job.ts", import.meta.url));
  t.feed("{{input}}", ["GET /cart 200 17", "GET /cart 503 2", "no request"]); // stands in for the source
  await t.advance("2s"); // runs exactly one batch, in virtual time
  assert.deepEqual(t.printed(), [["/cart", { requests: 2, errors: 1 }]]);

  t.feed("{{input}}", ["POST /order 201 40"]);
  await t.advance("8s");
  assert.equal(t.printed().length, 2);
  await t.advance("2s");
  assert.deepEqual(t.printed(), [["/order", { requests: 1, errors: 0 }]]);
  await t.stop();
});
