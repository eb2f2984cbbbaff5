import fc from "fast-check";
import { expect, test } from "vitest";
import { SparseMarks } from "./sparse-marks.ts";

test("marks are the indices that were given and added, however far apart", () => {
  const index = fc.oneof(fc.nat(70_000), fc.integer({ min: 2 ** 31 - 2, max: 2 ** 40 }));
  fc.assert(
    fc.property(fc.array(index), fc.array(index), fc.array(index), (given, added, asked) => {
      const marks = new SparseMarks([...given, -1]);
      for (const one of added) marks.add(one);
      const expected = new Set([...given, ...added]);
      for (const one of [...expected, ...asked]) expect(marks.has(one)).toBe(expected.has(one));
      expect(marks.has(-1)).toBe(false);
    }),
  );
});
