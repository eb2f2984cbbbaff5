import type { BuildFailure, Message } from "esbuild";
import { expect, test } from "vitest";
import { bundleError } from "./bundle-error.ts";

const message = (text: string): Message => ({
  id: "",
  pluginName: "",
  text,
  location: null,
  notes: [],
  detail: undefined,
});

function failure(...texts: readonly string[]): BuildFailure {
  return Object.assign(new Error("Build failed"), { errors: texts.map(message), warnings: [] });
}

const context = { entry: "/jobs/job.ts", which: "executor", lifts: new Map() } as const;

test("an error in a function and in its copy for executors is one line", async () => {
  const error = await bundleError(failure('Cannot assign to "acc"', 'Cannot assign to "acc"', "Other"), context);
  expect(error.message).toBe(
    '[JOB_SYNTAX] The job does not compile:\n  Cannot assign to "acc"\n  Other\nCorrect it and start again.',
  );
});

test("imports that lead nowhere each come with their remedy, once", async () => {
  const texts = ['Could not resolve "a"', 'Could not resolve "b"', 'No loader is configured for ".env" files: .env'];
  const error = await bundleError(failure(...texts), context);
  expect(error.code).toBe("JOB_IMPORT_UNRESOLVED");
  expect(error.message.split("\n").at(-1)).toBe(
    "Correct the name, or install the package beside the job (npm install NAME). A job can import code and JSON: " +
      "read any other file when the job runs.",
  );
});

test("an export that is not there is one of those", async () => {
  const error = await bundleError(failure('No matching export in "a.ts" for import "b"'), context);
  expect(error.message).toMatch(/^\[JOB_IMPORT_UNRESOLVED\].*\nCorrect the name of the import, or export it there\.$/s);
});
