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
