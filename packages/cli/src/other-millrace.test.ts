import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { otherMillrace } from "./other-millrace.ts";

const OWN = "1.2.3";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A job's file in a project that has this version of `millrace` installed. */
function jobBeside(
  version: string,
  exports: object = { "./package.json": "./package.json" },
): { readonly folder: string; readonly job: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-other-"));
  folders.push(folder);
  mkdirSync(join(folder, "node_modules/millrace"), { recursive: true });
  const manifest = { name: "millrace", version, exports };
  writeFileSync(join(folder, "node_modules/millrace/package.json"), JSON.stringify(manifest));
  return { folder, job: join(folder, "job.ts") };
}

test("another version in the project is named, and which of the two runs the job", () => {
  const { folder, job } = jobBeside("9.9.9");
  const said = otherMillrace(job, OWN) ?? "";
  expect(said).toContain(`the project of job.ts has millrace 9.9.9 (${join(folder, "node_modules/millrace")})`);
  expect(said).toContain(
    `the job is checked, built and run with ${OWN}. To use the project's, run it there with npx millrace`,
  );
});

test("nothing is said of the same version, or of one that does not tell its number", () => {
  expect(otherMillrace(jobBeside(OWN).job, OWN)).toBeUndefined();
  expect(otherMillrace(jobBeside("9.9.9", {}).job, OWN)).toBeUndefined();
});
