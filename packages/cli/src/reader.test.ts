import { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import { expect, test } from "vitest";
import { whenReaderGoes } from "./reader.ts";

const failure = (code: string): Error => Object.assign(new Error(`write ${code}`), { code });

test("a closed pipe is told, and any other error of the stream is one", () => {
  const stream = new EventEmitter();
  let told = 0;
  // An emitter stands in for the stream: only `on` is used.
  whenReaderGoes(stream as unknown as Writable, () => {
    told += 1;
  });
  stream.emit("error", failure("EPIPE"));
  expect(told).toBe(1);
  expect(() => stream.emit("error", failure("EIO"))).toThrow("EIO");
});
