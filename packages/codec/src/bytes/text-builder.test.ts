import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyClassTable } from "../class-table.ts";
import { decodeValue, encodeValue } from "../value/value.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readText, TEXT_LATIN1, TEXT_UTF16 } from "./text.ts";
import { TextBuilder } from "./text-builder.ts";

test("a text of any number of strings is read back whole, with one byte per unit if that suffices", () => {
  const unit = fc.oneof({ weight: 9, arbitrary: fc.nat(0xff) }, { weight: 1, arbitrary: fc.nat(0xffff) });
  const strings = fc.array(fc.tuple(fc.array(unit, { maxLength: 5 }), fc.nat(30_000)), { maxLength: 12 });
  fc.assert(
    fc.property(strings, fc.boolean(), (given, latin1) => {
      const texts = given.map(([units, times]) =>
        String.fromCharCode(...units.map((unit) => (latin1 ? unit & 0xff : unit))).repeat(times),
      );
      const whole = texts.join("");
      const builder = new TextBuilder();
      for (const text of texts) builder.append(text);
      const out = new ByteWriter();
      const encoding = builder.writeTo(out);
      expect(builder.units).toBe(whole.length);
      expect(readText(out.bytes, encoding, 0, out.length) === whole).toBe(true);
      expect(encoding).toBe([...texts].some((text) => /[\u0100-\uffff]/.test(text)) ? TEXT_UTF16 : TEXT_LATIN1);
      expect(String(builder) === whole).toBe(true);
      builder.clear();
      expect([builder.units, String(builder)]).toEqual([0, ""]);
    }),
    { numRuns: 50 },
  );
});

test("a value of many strings is read back", () => {
  const list = Array.from({ length: 50_000 }, (_, i) => (i % 1000 === 999 ? `läng ${i} €` : `text ${i}`));
  expect(decodeValue(encodeValue(list, emptyClassTable), emptyClassTable)).toEqual(list);
});
