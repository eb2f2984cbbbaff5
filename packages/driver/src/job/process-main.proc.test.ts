import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { fromWireError } from "@millrace/base";
import { expect, test } from "vitest";
import type { FromJobProcess } from "../supervisor/job-process-protocol.ts";

const main = fileURLToPath(new URL("../../dist/job/process-main.js", import.meta.url));

test("an error that nothing caught ends a job's driver with a reason that has a code", async () => {
  const child = fork(main, [], {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
  });
  const messages: FromJobProcess[] = [];
  child.on("message", (message) => messages.push(message as FromJobProcess)); // the other end is ours, same release
  let written = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (written += chunk));
  // No message has this shape: it stands for any defect of the main thread.
  child.send(JSON.parse("null"));
  const [code] = await once(child, "close");
  const [message] = messages;
  expect({ code, messages: messages.length, written }).toEqual({ code: 1, messages: 1, written: "" });
  if (message?.type !== "crashed") throw new Error("it did not say that it crashed");
  expect(fromWireError(message.error).message).toMatch(
    /^\[INVARIANT\w*\] the job's driver ended by an uncaught error: .*'type'/,
  );
});
