import { expect, test } from "vitest";
import { readChatLog, wrongCounts } from "./chat-log.ts";

const rule = "-".repeat(43);
const batch = (time: string, ...counts: string[]) => [rule, `Time: ${time}`, rule, ...counts, "", ""].join("\n");

test("counts are held against every message shown so far", () => {
  const log = `ada: hi ken\n${batch("1", "[ 'ada:', 1 ]", "[ 'hi', 1 ]", "...")}ken: hi\n${batch("2", "[ 'hi', 2 ]", "[ 'ken', 2 ]")}`;
  const batches = readChatLog(log);
  expect(batches.map((one) => [one.time, one.counts.size])).toEqual([
    ["1", 2],
    ["2", 2],
  ]);
  expect(wrongCounts(batches)).toEqual(['2: "ken" is counted 2 times and was said 1 times']);
});

test("an empty batch counts as one, a batch that is cut short does not", () => {
  expect(readChatLog(`${batch("1")}${rule}\nTime: 2\n${rule}\n[ 'a', 1 ]`).map((one) => one.time)).toEqual(["1"]);
});

test("lines of the engine among the output are nobody's messages", () => {
  const log = `millrace: [EXECUTOR_LOST] the executor was lost\nada: the end\n${batch("1", "[ 'the', 1 ]")}`;
  expect(wrongCounts(readChatLog(log))).toEqual([]);
});
