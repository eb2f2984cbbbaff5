import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { PipeCapture } from "@millrace/operators";
import { afterEach, describe, expect, test } from "vitest";
import { TaskCancelled } from "../job/task-control.ts";
import type { Commands } from "../ports.ts";
import { piped } from "./pipe.ts";

const running = new Set<number>();
const said: string[] = [];
const processes: Commands = {
  started: (group) => void running.add(group),
  ended: (group) => void running.delete(group),
  said: (line) => void said.push(line),
};
afterEach(() => {
  expect(running).toEqual(new Set());
  said.length = 0;
});

async function linesOf(command: readonly string[], records: Iterable<unknown>, capture: PipeCapture = {}) {
  const lines: string[] = [];
  for await (const line of piped(command, capture, { commands: processes, lineBytesMax: 1024 ** 2 })(records))
    lines.push(line);
  return lines;
}

const sh = (script: string): readonly string[] => ["sh", "-c", script];

function* failingAfter(records: number, error: Error): Generator<string> {
  for (let i = 0; i < records; i += 1) yield `record ${i}`;
  throw error;
}

describe("a command that records are piped through", () => {
  test("receives strings unchanged and anything else as JSON, and yields its lines", async () => {
    expect(await linesOf(["cat"], ["a b", { a: [1] }, 3])).toEqual(["a b", '{"a":[1]}', "3"]);
    expect(await linesOf(sh("printf 'one\\r\\ntwo\\n\\nlast'"), [])).toEqual(["one", "two", "", "last"]);
  });

  test("may not write a line that is longer than line.bytes.max", async () => {
    const lines = linesOf(sh("echo ok; head -c 1100000 /dev/zero | tr '\\0' x"), []);
    await expect(lines).rejects.toMatchObject({
      code: "LINE_TOO_LONG",
      fields: { source: "the command sh", lineBytesMax: 1024 ** 2 },
    });
  });

  test("is started for no records too", async () => {
    expect(await linesOf(["wc", "-l"], [])).toEqual([expect.stringMatching(/^\s*0$/)]);
  });

  test("has the environment of the process, and the author's additions", async () => {
    expect(await linesOf(sh('echo $MORE; test -n "$PATH" && echo path'), [], { env: { MORE: "more" } })).toEqual([
      "more",
      "path",
    ]);
  });

  test("may write while it reads, read nothing, or read a part", async () => {
    const many = Array.from({ length: 200_000 }, (_, i) => `record ${i}`);
    expect(await linesOf(["cat"], many)).toEqual(many);
    expect(await linesOf(["true"], many)).toEqual([]);
    expect(await linesOf(["head", "-n", "1"], many)).toEqual(["record 0"]);
  });

  test("is ended when its lines are no longer needed", async () => {
    const lines = piped(
      sh("echo $$; exec yes"),
      {},
      { commands: processes, lineBytesMax: 1024 ** 2 },
    )([])[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    expect(running).toEqual(new Set([pid]));
    await lines.return?.();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test.each([
    ["is ended early", "echo started; wait", 1],
    ["ends well", "echo started", 2],
  ])("takes along what it started when it %s", async (_, rest, lines) => {
    const fifo = join(mkdtempSync(join(tmpdir(), "millrace-pipe-")), "held");
    execFileSync("mkfifo", [fifo]);
    const held = once(createReadStream(fifo).resume(), "end"); // with the last process that has it open to write
    const given = piped(
      sh(`exec 3> ${fifo}; sleep 600 > /dev/null 2>&1 & ${rest}`),
      {},
      { commands: processes, lineBytesMax: 1024 ** 2 },
    )([])[Symbol.asyncIterator]();
    for (let i = 0; i < lines; i += 1) await given.next();
    await given.return?.();
    await held;
    rmSync(dirname(fifo), { recursive: true });
  });

  test("has its standard error in the job's output, line by line", async () => {
    expect(await linesOf(sh("echo one >&2; echo out; printf 'two\\nlast' >&2"), [])).toEqual(["out"]);
    expect(said).toEqual(["one", "two", "last"]);
  });

  test("adds a bounded text to the job's output, and says how much is left out", async () => {
    expect(await linesOf(sh("yes words | head -n 100000 >&2"), [])).toEqual([]);
    const shown = said.slice(0, -1);
    expect(shown.join("\n").length).toBeLessThanOrEqual(64 * 1024);
    expect(shown.at(0)).toBe("words");
    expect(said.at(-1)).toBe(
      `(${600_000 - 64 * 1024} more characters of the command's standard error were left out: 65536 are shown of each run)`,
    );
  });

  test.each([
    [
      sh("echo so it is >&2; exit 7"),
      /\[PIPE_FAILED\] the command sh -c .* exited with code 7. Its standard error ends: so it is/,
    ],
    [sh("kill -TERM $$"), /was killed by SIGTERM. It wrote nothing/],
    [["no-such-command-at-all", "x"], /no-such-command-at-all x could not be started: .*ENOENT/],
    [sh("yes words | head -n 100000 >&2; echo the end >&2; exit 1"), /ends: .{4000,4100}the end\./s],
  ])("that fails says how: %j", async (command, message) => {
    await expect(linesOf(command, ["a"])).rejects.toThrow(message);
  });

  test.each([0, 10, 100_000])("is ended when the records fail after %i, with their error", async (records) => {
    const error = new Error("no more records");
    await expect(linesOf(["cat"], failingAfter(records, error))).rejects.toBe(error);
  });

  test("is ended when the task is cancelled, though it has no end of its own", async () => {
    await expect(linesOf(["sleep", "600"], failingAfter(10, new TaskCancelled()))).rejects.toThrow(TaskCancelled);
  });
});
