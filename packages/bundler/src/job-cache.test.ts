import { expect, test } from "vitest";
import { bundleCacheDir } from "./job-cache.ts";

test("bundles are cached in the user's cache, and nowhere for a user without a home", () => {
  const noHome = (): string => {
    throw new Error("uv_os_homedir returned ENOENT");
  };
  expect(bundleCacheDir({}, () => "/home/ada")).toBe("/home/ada/.cache/millrace/bundles");
  expect(bundleCacheDir({ XDG_CACHE_HOME: "/cache" }, noHome)).toBe("/cache/millrace/bundles");
  expect(bundleCacheDir({}, noHome)).toBeUndefined();
  expect(bundleCacheDir({}, () => "")).toBeUndefined();
});
