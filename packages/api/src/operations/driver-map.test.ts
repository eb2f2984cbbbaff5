import { KeyMap } from "@millrace/codec";
import { expect, test } from "vitest";
import { mapOnDriver } from "./driver-map.ts";

test("a Map for the job's code has all entries, or is refused by name before V8 refuses it", () => {
  const entries: [string, number][] = [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ];
  expect(mapOnDriver(entries, "countByKey", 3)).toEqual(new Map(entries));
  const refused = {
    code: "MAP_TOO_LARGE",
    message: expect.stringMatching(/countByKey found 3 distinct keys.* at most 2/),
  };
  expect(() => mapOnDriver(entries, "countByKey", 2)).toThrow(expect.objectContaining(refused));
  const keyed = new KeyMap<string, number>();
  for (const [key, value] of entries) keyed.set(key, value);
  expect(mapOnDriver(keyed, "collectAsMap", 3)).toEqual(new Map(entries));
  expect(() => mapOnDriver(keyed, "collectAsMap", 2)).toThrow(expect.objectContaining({ code: "MAP_TOO_LARGE" }));
});
