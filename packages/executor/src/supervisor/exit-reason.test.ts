import { expect, test } from "vitest";
import { exitError } from "./exit-reason.ts";
import { LastLines } from "./last-lines.ts";

const exit = {
  job: "j-1",
  pid: 7,
  code: null,
  signal: null,
  lastLines: [] as readonly string[],
  slotHeapBytes: 2 ** 29,
  outOfMemory: false,
};

test.each([
  [
    {
      ...exit,
      signal: "SIGABRT" as const,
      lastLines: ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"],
    },
    "EXECUTOR_OUT_OF_MEMORY",
    /executor\.slot\.heap from 512m to 1g/,
  ],
  [{ ...exit, signal: "SIGKILL" as const, outOfMemory: true }, "EXECUTOR_OUT_OF_MEMORY", /control group/],
  [{ ...exit, signal: "SIGKILL" as const }, "EXECUTOR_KILLED", /SIGKILL/],
  [
    { ...exit, code: 3, lastLines: ["[DISK_FULL] no room"] },
    "EXECUTOR_EXITED",
    /code 3.*Its last lines: \[DISK_FULL\] no room/,
  ],
])("%o is %s", (how, code, text) => {
  const error = exitError(how);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(text);
});

test("only the last lines are kept, however the text was split", () => {
  const lines = new LastLines();
  for (let i = 0; i < 100; i++) lines.push(`line ${i}\nhal`);
  lines.push("f");
  expect(lines.get()).toHaveLength(13);
  expect(lines.get().at(-1)).toBe("half");
});
