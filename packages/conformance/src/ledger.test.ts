import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sinkContract } from "millrace/testing";
import { describe, test } from "vitest";
import { ledger } from "../jobs/ledger/ledger-sink.ts";

describe("a sink by the exports of millrace alone", () => {
  const cases = sinkContract(async () => {
    const directory = await mkdtemp(join(tmpdir(), "millrace-ledger-"));
    const names = () => readdir(directory, { recursive: true });
    return {
      sink: () => ledger(directory),
      record: (n) => `record ${n}`,
      visible: async () => {
        const files = (await names()).filter((name) => /^out-\d+$/.test(name));
        const texts = await Promise.all(files.map((name) => readFile(join(directory, name), "utf8")));
        return texts.flatMap((text) => text.split("\n").filter(Boolean));
      },
      hidden: async () => (await names()).filter((name) => name.startsWith(".out/")),
      close: () => rm(directory, { recursive: true }),
    };
  });
  for (const { title, run } of cases) test(title, run);
});
