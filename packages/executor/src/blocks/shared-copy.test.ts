import { expect, test } from "vitest";
import { copyToShared } from "./shared-copy.ts";

test("bytes arrive unchanged with any alignment and length", () => {
  const source = new Uint8Array(200_003).map((_, i) => (i * 7) % 251);
  for (const length of [0, 1, 31, 32, 33, 65_536, 65_537, 200_000]) {
    for (const from of [0, 1, 3]) {
      for (const offset of [0, 1, 5, 8]) {
        const shared = new Uint8Array(new SharedArrayBuffer(200_020), 2);
        copyToShared(source.subarray(from, from + length), shared, offset);
        const got = Buffer.from(shared.slice(0, offset + length + 8));
        const wanted = Buffer.concat([Buffer.alloc(offset), source.subarray(from, from + length), Buffer.alloc(8)]);
        expect(Buffer.compare(got, wanted)).toBe(0);
      }
    }
  }
});
