import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { asking } from "./questions.ts";

test("lines that come at once answer the questions one after the other; after the end there is no answer", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const ask = asking(input, output);
  input.write("clicks\nfiles\nnode\n");
  expect(await ask("Folder: ")).toBe("clicks");
  expect(await ask("Source: ")).toBe("files");
  expect(await ask("Test: ")).toBe("node");
  input.end();
  expect(await ask("More: ")).toBeUndefined();
  output.end();
  expect(await text(output)).toContain("Source: files\nTest: node\n");
});
