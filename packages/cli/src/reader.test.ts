import { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import { expect, test } from "vitest";
import { ReaderGone, whenOutputEnds } from "./reader.ts";

const failure = (code: string): Error => Object.assign(new Error(`write ${code}`), { code });

test.each([
  ["EPIPE", { name: "ReaderGone" }],
  ["ENOSPC", { code: "OUTPUT_UNWRITABLE", message: expect.stringMatching(/ENOSPC.*Free space/) }],
  ["EIO", { code: "OUTPUT_UNWRITABLE", message: expect.stringMatching(/EIO.*Redirect it elsewhere/) }],
])("the end of standard output by %s is reported once, with the reason", (code, reason) => {
  const stream = new EventEmitter();
  const told: Error[] = [];
  // An emitter replaces the stream: only `on` is used.
  whenOutputEnds(stream as unknown as Writable, (why) => told.push(why));
  stream.emit("error", failure(code));
  stream.emit("error", failure(code));
  expect(told).toEqual([expect.objectContaining(reason)]);
  expect(told[0] instanceof ReaderGone).toBe(code === "EPIPE");
});
