import { epochMs, errorKind, toWireError } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { batchFailure, type WireBatchOutcome } from "./batch-failure.ts";

const refused = errorKind("TASK_FAILED", "environment");
const TIME = epochMs(1_000);
const boom = toWireError(refused("task 0 failed 4 times: map at job.ts:3:5 threw Error: boom."));
const failed = (...parts: WireBatchOutcome["failed"]) => ({ failed: parts, inputs: [] });
const options = { received: [], goesOn: true };

describe("a failed batch", () => {
  test("is told with its time, what failed and why, its input, and what happens now", () => {
    const report = {
      ...failed({ what: "print of map at job.ts:3:5", error: boom }),
      inputs: [
        { name: "textFileStream /in", records: 0, files: ["/in/a", "/in/b"], returned: 0 },
        { name: "queueStream", records: 0, files: [], returned: 0 },
      ],
    };
    const received = [{ name: "socketTextStream h:1", records: 12, files: [], returned: 0 }];
    const error = batchFailure(TIME, report, { received, goesOn: true });
    expect(error).toMatchObject({ code: "BATCH_FAILED", blame: "environment", fields: { batch: 1000, failed: 1 } });
    expect(error?.cause).toMatchObject({ code: "TASK_FAILED" });
    expect(error?.message).toBe(
      "[BATCH_FAILED] batch 1970-01-01T00:00:01.000Z failed: print of map at job.ts:3:5: [TASK_FAILED] task 0 failed 4 times: " +
        "map at job.ts:3:5 threw Error: boom. Its input: socketTextStream h:1 12 records, textFileStream /in 2 files (/in/a, /in/b). " +
        "The job goes on without it: what its outputs left undone is not made up for. With batch.failure=stop it would end.",
    );
  });

  test("names each part that failed, and a common cause once", () => {
    const parts = ["print", "foreachRDD"].map((what) => ({ what, error: boom }));
    const { message = "" } = batchFailure(TIME, failed(...parts), options) ?? {};
    expect(message).toContain("threw Error: boom; foreachRDD, as print.");
    expect(message.match(/boom/g)).toHaveLength(1);
  });

  test("tells of a bounded number of parts and files", () => {
    const parts = Array.from({ length: 9 }, (_, i) => ({ what: `print ${i}`, error: boom }));
    const files = Array.from({ length: 26 }, (_, i) => `/in/${i}`);
    const { message } =
      batchFailure(TIME, { failed: parts, inputs: [{ name: "in", records: 0, files, returned: 0 }] }, options) ?? {};
    expect(message).toContain("print 4, as print 0; and 4 more.");
    expect(message).toContain("in 26 files (/in/0, /in/1, /in/2, /in/3, /in/4 and 21 more)");
  });

  test("says how many of its files the next one reads again", () => {
    const files = { name: "textFileStream /in", records: 0, files: ["/in/a", "/in/b"], returned: 1 };
    const report = { failed: [{ what: "print", error: boom }], inputs: [files] };
    expect(batchFailure(TIME, report, options)?.message).toContain(
      "goes on without it: the next batch reads 1 file of it again, and the rest of it is not made up for. With batch.failure",
    );
  });

  test("says when the job stops; one without failures is none", () => {
    const stops = batchFailure(TIME, failed({ what: "print", error: boom }), { ...options, goesOn: false });
    expect(stops?.message).toContain("Its input: nothing. The job stops.");
    expect(batchFailure(TIME, failed(), options)).toBeUndefined();
  });
});
