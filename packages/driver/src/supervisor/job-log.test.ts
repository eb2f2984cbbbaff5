import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs, ManualClock, millis } from "@millrace/base";
import type { LogEntry } from "@millrace/rpc";
import { afterAll, expect, test } from "vitest";
import { JobLog } from "./job-log.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-log-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function all(log: JobLog, follow: boolean): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of log.read({ follow })) entries.push(entry);
  return entries;
}

test("a log keeps its streams apart, each with the time it was written at, and characters whole", async () => {
  const clock = new ManualClock(epochMs(1_000));
  const log = new JobLog(join(directory, "a.log"), clock);
  const followed = all(log, true);
  const face = Buffer.from("\u{1f600}\n");
  log.write("stdout", Buffer.concat([Buffer.from("one "), face.subarray(0, 2)]));
  clock.advance(millis(5));
  log.write("stderr", Buffer.from("other\u2028\r\n"));
  log.write("stdout", face.subarray(2));
  log.write("engine", Buffer.from('{"msg":"said"}\n'));
  log.end();
  const expected = [
    { time: 1_000, stream: "stdout", text: "one " },
    { time: 1_005, stream: "stderr", text: "other\u2028\r\n" },
    { time: 1_005, stream: "stdout", text: "\u{1f600}\n" },
    { time: 1_005, stream: "engine", text: '{"msg":"said"}\n' },
  ];
  expect(await followed).toEqual(expected);
  expect(await all(log, false)).toEqual(expected);
});

test("a log goes on after those of earlier processes, though its writer was killed in the middle of a line", async () => {
  const path = join(directory, "b.log");
  const entry = { time: 1_000, stream: "stdout", text: "one\n" };
  writeFileSync(path, `${JSON.stringify(entry)}\n{"time":1`);
  const log = new JobLog(path, new ManualClock(epochMs(2_000)));
  log.tell("warn", "goes on");
  log.end();
  const record = JSON.stringify({ level: 40, time: 2_000, name: "driver", msg: "goes on" });
  expect(await all(log, true)).toEqual([entry, { time: 2_000, stream: "engine", text: `${record}\n` }]);
});
