import fc from "fast-check";
import { expect, test } from "vitest";
import { OrdinalsWriter, readOrdinals } from "./ordinals.ts";

test("non-decreasing numbers are decoded, piece by piece", () => {
  const rising = fc.array(fc.nat({ max: 2 ** 31 - 1 }), { maxLength: 2000, size: "max" }).map((steps) => {
    let at = 0;
    return steps.map((step) => (at += step));
  });
  fc.assert(
    fc.property(fc.array(rising, { maxLength: 4 }), (lots) => {
      const writer = new OrdinalsWriter();
      for (const lot of lots) {
        for (const ordinal of lot) writer.add(ordinal);
        expect(readOrdinals(writer.take())).toEqual(lot);
      }
    }),
    { numRuns: 50 },
  );
  const writer = new OrdinalsWriter();
  for (const ordinal of [0, 0, 127, 128, 2 ** 40, 2 ** 53 - 1]) writer.add(ordinal);
  expect(readOrdinals(writer.take())).toEqual([0, 0, 127, 128, 2 ** 40, 2 ** 53 - 1]);
});
