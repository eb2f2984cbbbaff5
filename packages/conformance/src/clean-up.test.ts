import { expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";

test("all is cleaned up, the newest first, though some of it fails, and that is told", async () => {
  const done: string[] = [];
  later(() => done.push("processes"));
  later(() => Promise.reject(new Error("a directory is not empty")));
  later(() => done.push("sockets"));
  await expect(cleanUp()).rejects.toThrow("a directory is not empty");
  expect(done).toEqual(["sockets", "processes"]);
  await cleanUp();
});
