import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isRunning, processIdentity } from "./process-identity.ts";

describe("a process is running", () => {
  test("as long as it is the one that was asked about", async () => {
    const child = spawn(process.execPath, ["--eval", "process.stdin.resume()"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const identity = processIdentity(child.pid ?? 0);
    expect(isRunning(identity)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isRunning(identity)).toBe(false);
  });

  test.each([0, -1, Number.NaN, 2 ** 40])("not with the number %d", (pid) => {
    expect(isRunning({ pid, start: "" })).toBe(false);
  });

  test.runIf(existsSync("/proc/self/stat"))("not if its number was given to another one", () => {
    const { pid, start } = processIdentity(process.pid);
    expect([isRunning({ pid, start }), isRunning({ pid, start: `${start}0` })]).toEqual([true, false]);
  });
});
