import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, test } from "vitest";
import { afterStep, beforeStep, changingFile, FILE_CHANGES, type FileChange, STEPS } from "./steps.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function watch<T>(channel: string, see: (message: T) => void): void {
  const onMessage = (message: unknown): void => see(message as T); // only the functions under test publish there
  subscribe(channel, onMessage);
  ends.push(() => unsubscribe(channel, onMessage));
}

test("a subscriber sees each step, before and after it", () => {
  beforeStep("delta", "/unseen");
  const seen: unknown[] = [];
  watch(STEPS, (step) => seen.push(step));
  beforeStep("delta", "/state/1.delta");
  afterStep("task");
  expect(seen).toEqual([
    { name: "delta", when: "before", path: "/state/1.delta" },
    { name: "task", when: "after", path: undefined },
  ]);
});

test("a change of a file is refused with what a subscriber says, and is made otherwise", () => {
  changingFile("/out/part-0");
  watch<FileChange>(FILE_CHANGES, (change) => {
    if (change.path.endsWith(".delta")) change.refusal = new Error(`full, of ${change.chunk?.length} bytes`);
  });
  changingFile("/out/part-0");
  expect(() => changingFile("/state/1.delta", new Uint8Array(3))).toThrow("full, of 3 bytes");
});
