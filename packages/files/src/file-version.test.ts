import { expect, test } from "vitest";
import { changedSince, describeVersion, localVersion } from "./file-version.ts";

test("a version is the size and the time of the last change, to the nanosecond", () => {
  const version = localVersion({ size: 1200n, mtimeNs: 1_785_585_600_123_456_789n });
  expect(version).not.toBe(localVersion({ size: 1200n, mtimeNs: 1_785_585_600_123_456_788n }));
  expect(describeVersion(version)).toBe("1200 bytes of 2026-08-01T12:00:00.123456789Z");
  expect(describeVersion(localVersion({ size: 0n, mtimeNs: -1n }))).toBe("0 bytes of 1969-12-31T23:59:59.999999999Z");
  expect(describeVersion('ETag "x"')).toBe('ETag "x"');
});

test("the error of a changed file has both versions, the remedy and no retry", () => {
  const error = changedSince("/in/a", "20@0", "7@1000000000");
  expect(error).toMatchObject({ code: "FILE_CHANGED", retry: "never", fields: { path: "/in/a" } });
  expect(error.message).toMatch(/\/in\/a .*20 bytes of 1970-01-01T00:00:00\.0+Z and is 7 bytes of .*:01\..*rename it/);
});
