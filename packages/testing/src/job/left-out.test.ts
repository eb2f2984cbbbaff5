import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { afterEach, expect, test } from "vitest";
import { testJob } from "./test-job.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test.each(["", "/*", "/*.txt"])("textFile of a directory%s names entries that no path refers to", async (pattern) => {
  const root = await mkdtemp(join(tmpdir(), "millrace-left-out-"));
  closing.push(() => rm(root, { recursive: true, force: true }));
  await writeFile(join(root, "a.txt"), "one\n");
  await writeFile(Buffer.concat([Buffer.from(`${root}/b`), Buffer.of(0xff), Buffer.from(".txt")]), "two\n");
  await symlink(join(root, "nowhere"), join(root, "c.txt"));
  await symlink(join(root, "nowhere"), join(root, ".hidden"));
  await symlink("d.txt", join(root, "d.txt"));
  await symlink("n".repeat(300), join(root, "e.txt"));
  const t = await testJob(
    defineJob({ name: "left-out", batchInterval: "1s" }, (ssc) => {
      ssc
        .queueStream<string>([[]])
        .transform(() => ssc.textFile(`${root}${pattern}`))
        .print();
    }),
  );
  closing.push(() => t.stop());
  await t.advance("1s");
  expect(t.warnings).toEqual([
    expect.stringMatching(/names that are not UTF-8.* left out: \S+\/b\ufffd\.txt\. /),
    expect.stringMatching(/links without a target are left out: \S+\/c\.txt\. /),
    expect.stringMatching(/cannot access are left out: \S+\/d\.txt \(ELOOP\), \S+\/e\.txt \(ENAMETOOLONG\)\. Remove/),
  ]);
});

test("textFileStream reads the files next to an entry that cannot be examined, and names that once", async () => {
  const root = await mkdtemp(join(tmpdir(), "millrace-left-out-"));
  closing.push(() => rm(root, { recursive: true, force: true }));
  const t = await testJob(
    defineJob({ name: "left-out", batchInterval: "1s" }, (ssc) => {
      ssc.textFileStream(root).print();
    }),
  );
  closing.push(() => t.stop());
  await symlink("loop", join(root, "loop"));
  for (const line of ["one", "two"]) {
    await writeFile(join(root, line), `${line}\n`);
    await t.advance("1s");
    expect(t.output).toContain(`${line}\n`);
  }
  expect(t.warnings).toEqual([expect.stringMatching(/the file \S+\/loop \(ELOOP\) is ignored: .* Remove it/)]);
});
