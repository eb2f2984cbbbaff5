import { expect, test } from "vitest";
import { FRAME, FRAME_BYTES_MAX, FrameParser, frame } from "./frame.ts";

function parsed(...inputs: readonly Buffer[]): unknown[] {
  const got: unknown[] = [];
  const parser = new FrameParser({
    frame: (type, request, payload) => got.push([type, request, payload.toString("latin1")]),
    data: (request, piece) => got.push(["data", request, piece.toString("latin1")]),
  });
  for (const input of inputs) parser.push(input);
  return got;
}

const two = Buffer.concat([
  frame(FRAME.get, 7, Buffer.from("block")),
  frame(FRAME.missing, 8),
  frame(FRAME.data, 9, Buffer.from("xyz")),
]);

test("frames come out whole however the bytes were split", () => {
  const whole = [
    [FRAME.get, 7, "block"],
    [FRAME.missing, 8, ""],
  ];
  expect(parsed(two)).toEqual([...whole, ["data", 9, "xyz"]]);
  const single = [...two].map((byte) => Buffer.from([byte]));
  expect(parsed(...single)).toEqual([...whole, ["data", 9, "x"], ["data", 9, "y"], ["data", 9, "z"]]);
});

test("a length beyond the limit is refused after its first four bytes", () => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(FRAME_BYTES_MAX, 0);
  expect(() => parsed(header)).toThrow(/FRAME_TOO_LARGE.*This connection is closed/);
});

test("a control frame as large as data is refused before it is collected", () => {
  const header = frame(FRAME.get, 1);
  header.writeUInt32LE(1 << 20, 0);
  expect(() => parsed(header)).toThrow(/FRAME_TOO_LARGE/);
});

test.each([
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n")],
  ["an unknown type", Buffer.from([5, 0, 0, 0, 99, 0, 0, 0, 0])],
  ["an impossible length", Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 0])],
])("%s is refused", (_what, input) => {
  expect(() => parsed(input)).toThrow(/FRAME_(TOO_LARGE|MALFORMED)/);
});
