import { expect, test } from "vitest";
import { OutputRing } from "./output-ring.ts";
import { SeededRng } from "./rng.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("pieces come out whole and in order, those of one stream that follow each other joined", () => {
  const ring = OutputRing.allocate(64);
  let told = 0;
  const tell = (): void => {
    told += 1;
  };
  ring.write("stdout", Buffer.from("a"), tell);
  ring.write("stdout", Buffer.from("b"), tell);
  ring.write("stderr", Buffer.from("c"), tell);
  expect(told).toBe(1);
  expect(ring.read(100)).toEqual({ stream: "stdout", bytes: Buffer.from("ab") });
  expect(ring.read(100)).toEqual({ stream: "stderr", bytes: new Uint8Array(Buffer.from("c")) });
  expect(ring.read(100)).toBeUndefined();
  ring.listen();
  ring.write("stdout", Buffer.from("d"), tell);
  expect(told).toBe(2);
});

test("what is written is what is read, wherever it wraps around", () => {
  const rng = new SeededRng(7);
  const ring = OutputRing.allocate(128);
  let written = "";
  let read = "";
  for (let n = 0; n < 5_000; n += 1) {
    const line = String(n)
      .repeat(1 + Math.floor(rng.next() * 10))
      .slice(0, 30);
    ring.write("stdout", Buffer.from(line), () => undefined);
    written += line;
    if (rng.next() < 0.5 || n % 2 === 1) read += text(ring.read(1_000)?.bytes ?? new Uint8Array());
  }
  expect(read + text(ring.read(1_000)?.bytes ?? new Uint8Array())).toBe(written);
});

test("nothing is written of nothing", () => {
  const ring = OutputRing.allocate(64);
  ring.write("stdout", new Uint8Array(), () => expect.unreachable());
  expect(ring.read(10)).toBeUndefined();
});
