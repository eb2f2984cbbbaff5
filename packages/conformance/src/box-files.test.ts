import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locations } from "millrace";
import { fileSystemContract } from "millrace/testing";
import { describe, test } from "vitest";
import { BoxFiles } from "../jobs/box/box-files.ts";

describe("a file system by the exports of millrace alone, without directories, rename and blocking calls", () => {
  const cases = fileSystemContract(async () => {
    const root = await mkdtemp(join(tmpdir(), "millrace-box-"));
    const directory = locations.of("box://bucket/place");
    return { files: new BoxFiles(root), directory, close: () => rm(root, { recursive: true }) };
  });
  for (const { title, run } of cases) test(title, run);
});
