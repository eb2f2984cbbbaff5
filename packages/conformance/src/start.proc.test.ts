import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";

afterEach(cleanUp);

const START = fileURLToPath(new URL("../../../scripts/start.mjs", import.meta.url));

test("npm start shows the chat room at work, with nothing else running", async () => {
  const start = new TestProcess("npm start", process.execPath, [START, "--batches", "2"]);
  later(() => start.end());
  const { code, stdout } = await start.ended;
  expect({ code, banners: stdout.match(/^Time: /gm)?.length }, stdout).toEqual({ code: 0, banners: 2 });
});
