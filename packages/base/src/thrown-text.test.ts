import { expect, test } from "vitest";
import { thrownMessage, thrownText } from "./thrown-text.ts";

test("a thrown value is described by its content, on one line and bounded", () => {
  expect(thrownText("text")).toBe("text");
  expect(thrownText({ code: 5, at: { row: [1, 2] } })).toBe("{ code: 5, at: { row: [ 1, 2 ] } }");
  expect(thrownText(undefined)).toBe("undefined");
  expect(thrownText(new Map([["a\nb", 1n]]))).toBe("Map(1) { 'a\\nb' => 1n }");
  expect(thrownText({ rows: Array.from({ length: 1000 }, (_, i) => ({ i })) })).not.toContain("\n");
  expect(thrownText("x".repeat(10_000))).toHaveLength(301);
});

test("a value that cannot be shown does no harm", () => {
  const odd = {
    [Symbol.for("nodejs.util.inspect.custom")]: () => {
      throw new Error("no");
    },
  };
  expect(thrownText(odd)).toBe("without a text");
});

test("of an error, its message is enough", () => {
  expect(thrownMessage(new TypeError("odd"))).toBe("odd");
  expect(thrownMessage({ code: 5 })).toBe("{ code: 5 }");
});
