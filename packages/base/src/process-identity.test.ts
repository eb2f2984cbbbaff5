import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { fateOf, processIdentity, processInWords } from "./process-identity.ts";

const here = processIdentity(process.pid);

test("this process is alive", () => {
  expect(fateOf(here)).toBe("alive");
  expect(here).toMatchObject({ pid: process.pid });
  expect(processInWords(here)).toBe(`process ${process.pid} on ${here.host}`);
});

test("a process is alive until it has ended", async () => {
  const child = spawn(process.execPath, ["--eval", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
  const identity = processIdentity(child.pid ?? 0);
  expect(fateOf(identity)).toBe("alive");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(fateOf(identity)).toBe("dead");
});

test.each([0, -1, Number.NaN, 4_194_999, 2 ** 40])("no process has the number %d", (pid) => {
  expect(fateOf({ ...here, pid })).toBe("dead");
});

test.runIf(existsSync("/proc/self/stat"))("a process is dead if another one has its pid", () => {
  expect(fateOf({ ...here, start: "1" })).toBe("dead");
});

test.each(["host", "machine"])("of a process of another %s nothing is known", (field) => {
  expect(fateOf({ ...here, [field]: "other" })).toBe("unknown");
  expect(fateOf({ ...here, [field]: "other", pid: 4_194_999 })).toBe("unknown");
});
