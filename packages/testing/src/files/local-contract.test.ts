import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locationFrom } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { describe, test } from "vitest";
import { fileSystemContract } from "./file-system-contract.ts";

describe("this machine's own files", () => {
  const cases = fileSystemContract(async () => {
    const directory = locationFrom(await mkdtemp(join(tmpdir(), "millrace-contract-")));
    return { files: new LocalFileSystem(), directory, close: () => rm(directory, { recursive: true }) };
  });
  for (const { title, run } of cases) test(title, run);
});
