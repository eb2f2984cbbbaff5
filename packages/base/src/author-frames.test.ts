import { describe, expect, test } from "vitest";
import { authorFrames, authorFramesFirst, describeThrown, located } from "./author-frames.ts";
import { errorKind } from "./errors.ts";

const STACK = `Error: cannot parse bad
    at inner (/home/me/job/lib/helper.ts:5:26)
    at Array.map (<anonymous>)
    at async /home/me/job/counts.ts:9:3
    at rows (eval at load (file:///opt/x/node_modules/@millrace/runtime/dist/generate.js:58:18), <anonymous>:12:20)
    at push (file:///opt/x/node_modules/@millrace/runtime/dist/feeder.js:52:19)
    at client (/home/me/job/node_modules/pg/client.js:1:2)
    at node:internal/process/task_queues:95:5`;

const failing = (message: string, options?: ErrorOptions): Error =>
  Object.assign(new TypeError(message, options), { stack: STACK });

describe("frames of the author", () => {
  test("are those with a path outside of node_modules, innermost first", () => {
    expect(authorFrames(STACK)).toEqual([
      { file: "/home/me/job/lib/helper.ts", line: 5, column: 26 },
      { file: "/home/me/job/counts.ts", line: 9, column: 3 },
    ]);
    expect(authorFrames(undefined)).toEqual([]);
  });

  test("are bounded", () => {
    expect(authorFrames(Array.from({ length: 50 }, (_, i) => `    at f (/a/b.ts:${i}:1)`).join("\n"))).toHaveLength(5);
  });

  test("leave out the engine's own files of a checkout", () => {
    const here = new Error("x").stack ?? "";
    expect(authorFrames(here).map(({ file }) => file)).toEqual([expect.stringMatching(/author-frames\.test\.ts$/)]);
  });
});

test("the author's frames can stand before those of the engine", () => {
  const lines = authorFramesFirst(STACK).split("\n");
  expect(lines.slice(0, 4).map((line) => line.trim())).toEqual([
    "Error: cannot parse bad",
    "at inner (/home/me/job/lib/helper.ts:5:26)",
    "at async /home/me/job/counts.ts:9:3",
    "at Array.map (<anonymous>)",
  ]);
  expect(lines.toSorted()).toEqual(STACK.split("\n").toSorted());
  expect(authorFramesFirst("no frames")).toBe("no frames");
});

describe("a refusal", () => {
  const badWindow = errorKind("BAD_WINDOW", "user");

  test("gets the author's innermost line", () => {
    const error = Object.assign(badWindow("the slide is 3s.", { fields: { slide: 3 } }), { stack: STACK });
    expect(located(error)).toMatchObject({
      code: "BAD_WINDOW",
      message: "[BAD_WINDOW] the slide is 3s. (/home/me/job/lib/helper.ts:5:26)",
      fields: { slide: 3 },
    });
  });

  test("is unchanged if it has a line, or if none is known", () => {
    const site = { file: "job.ts", line: 1, column: 2 };
    const named = Object.assign(badWindow("no", { site }), { stack: STACK });
    const unknown = Object.assign(badWindow("no"), { stack: "EngineError: no" });
    expect(located(badWindow("no"), STACK).site).toEqual({ file: "/home/me/job/lib/helper.ts", line: 5, column: 26 });
    expect(located(named)).toBe(named);
    expect(located(unknown)).toBe(unknown);
  });
});

describe("a thrown value", () => {
  test("is described with its frames, relative to their directory", () => {
    expect(describeThrown(failing("cannot parse bad"))).toBe(
      "TypeError: cannot parse bad (at lib/helper.ts:5:26, counts.ts:9:3)",
    );
  });

  test("is described with its causes", () => {
    const refused = new Error("connect ECONNREFUSED 127.0.0.1:80");
    expect(describeThrown(failing("fetch failed", { cause: refused }))).toMatch(
      /^TypeError: fetch failed, caused by Error: connect ECONNREFUSED 127\.0\.0\.1:80 \(at /,
    );
    const both = new AggregateError([refused, new Error("connect ECONNREFUSED ::1:80")]);
    expect(describeThrown(failing("fetch failed", { cause: both }))).toContain(
      "caused by AggregateError: connect ECONNREFUSED 127.0.0.1:80; connect ECONNREFUSED ::1:80 (at",
    );
  });

  test("may be anything, and in a circle", () => {
    expect(describeThrown("text")).toBe("a value of type string: text");
    expect(describeThrown({ code: 5 })).toBe("a value of type object: { code: 5 }");
    expect(describeThrown(Object.create(null))).toBe("a value of type object: [Object: null prototype] {}");
    expect(describeThrown(undefined)).toBe("nothing: undefined");
    const circle = new Error("round");
    circle.cause = circle;
    circle.stack = "";
    expect(describeThrown(circle)).toBe(
      "Error: round, caused by Error: round, caused by Error: round, caused by Error: round",
    );
  });
});
