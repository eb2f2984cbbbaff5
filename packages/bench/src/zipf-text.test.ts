import { expect, test } from "vitest";
import { cachedLines, zipfLines } from "./zipf-text.ts";

test("the text is the one that other systems were measured with", () => {
  const lines = Array.from({ length: 1001 }, zipfLines(1));
  expect(lines[0]).toBe("faa uaa zcate kvas aaa uaa kqbsd zeatepa aaa glaqb");
  expect(lines[1]).toBe("gaaq ibaepal zgat yzcm faa wgm ouduf naanyj fraju xdaf");
  expect(lines[1000]).toBe("caaoz pnc paa daavgr ncbn dtn ubnkvgr rgapal lbazk haaxi");
  expect(zipfLines(42)()).toBe("gaaq aaa dgavgrc eaacnyj vaar aaa sbawhsd baah vherc yaomxi");
});

test("a cached text is made once", () => {
  expect(cachedLines(1, 3)).toBe(cachedLines(1, 3));
  expect(cachedLines(1, 3)).toEqual(Array.from({ length: 3 }, zipfLines(1)));
});
