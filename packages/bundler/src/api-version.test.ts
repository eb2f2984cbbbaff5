import { describe, expect, test } from "vitest";
import { API_VERSION, checkApiVersion } from "./api-version.ts";

describe("a job is loaded by a process", () => {
  test.each([
    ["1.4.0", "1.4.0", "of the same version"],
    ["1.4.0", "1.9.3", "of a later minor version"],
    ["1.4.7", "1.4.2", "of an earlier patch, which has the same API"],
    ["0.4.0", "0.4.9", "of the same minor version, before 1.0"],
    ["2.0.0", "2.4.1-beta.1", "of a prerelease beyond it"],
    ["2.4.0", "2.4.1-beta.1", "of the prerelease of a patch"],
    ["2.0.0-rc.1", "2.0.0-rc.1", "of the same prerelease"],
    ["1.4.0+a.b", "1.4.0+c", "of another build of the same version"],
    ["unknown", "unknown", "that knows no more of its version"],
  ])("%s, %s: %s", (bundledFor, running) => {
    expect(() => checkApiVersion("job.ts", bundledFor, running)).not.toThrow();
  });
});

describe("a job is refused by a process", () => {
  test.each([
    ["1.4.0", "2.0.0", "another major version"],
    ["2.0.0", "1.4.0", "another major version"],
    ["0.4.0", "1.0.0", "another major version"],
    ["0.4.0", "0.5.0", "another minor version, which before 1.0 may differ in anything"],
    ["0.5.0", "0.4.0", "another minor version, which before 1.0 may differ in anything"],
    ["1.4.0", "1.3.9", "an older one, which may lack what the job uses"],
    ["1.4.0", "1.4.0-rc.2", "a prerelease, which may lack what the job uses"],
    ["1.4.0-rc.1", "1.4.0-rc.2", "and a prerelease is served by itself alone"],
    ["1.4.0-rc.1", "1.4.0", "and a prerelease is served by itself alone"],
    ["1.4.0", "unknown", "and the two cannot be compared"],
    ["v1", "1.4.0", "and the two cannot be compared"],
  ])("%s, %s: %s", (bundledFor, running, why) => {
    expect(() => checkApiVersion("job.ts", bundledFor, running)).toThrow(
      `[ARTEFACT_VERSION] job.ts was bundled for millrace ${bundledFor}, and this process runs millrace ${running}, ${why}: `,
    );
  });
});

test("the version of this process is a semantic version", () => {
  expect(API_VERSION).toMatch(/^\d+\.\d+\.\d+/);
});
