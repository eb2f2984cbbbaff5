import { expect, test } from "vitest";
import { nodeNotice } from "./node-notice.ts";

test.each(["20.19.0", "20.20.2", "22.14.0"])(
  "of Node %s it is said what the client asks for, and that it reads no zstd",
  (version) => {
    expect(nodeNotice(version)).toMatch(`ask for Node 22.19 or newer, and this is ${version}. All works here, but for`);
  },
);

test.each(["22.15.0", "22.18.1"])("of Node %s it is said what the client asks for", (version) => {
  expect(nodeNotice(version)).toMatch(`ask for Node 22.19 or newer, and this is ${version}. All works here.`);
});

test.each(["22.19.0", "23.8.0", "26.12.1"])("of Node %s nothing is said", (version) => {
  expect(nodeNotice(version)).toBeUndefined();
});
