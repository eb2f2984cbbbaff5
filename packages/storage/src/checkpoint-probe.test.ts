import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSystems } from "@millrace/files";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answerProbe, leaveProbe, removeProbe } from "./checkpoint-probe.ts";
import { LocalFileSystem } from "./file-system/local.ts";

const files = new LocalFileSystem();
const who = { executor: "e-1", host: "build-7" };
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-probe-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const at = (path: string) => new FileSystems({ systems: [files], directory: root }).parse(path);
const left = () => readdirSync(join(root, "probe"));

test("an executor that has the driver's directory answers, and leaves nothing", async () => {
  const probe = await leaveProbe(files, at("."));
  await answerProbe(files, probe, who);
  expect(left()).toEqual([probe.name]);
  await removeProbe(files, probe);
  expect(left()).toEqual([]);
});

test("another directory at its path is named, with the executor, its machine and the remedy", async () => {
  const probe = await leaveProbe(files, at("."));
  await expect(answerProbe(files, { ...probe, directory: at("elsewhere") }, who)).rejects.toMatchObject({
    code: "CHECKPOINT_NOT_SHARED",
    message: expect.stringMatching(
      /executor e-1 on build-7 does not see the checkpoint directory \S+\/elsewhere that .* does not exist here\. Give all executors the storage that the driver has at \S+, at the same path: a shared volume/,
    ),
    fields: { executor: "e-1", host: "build-7", directory: at("elsewhere") },
  });
});

test("a file of the same name that somebody else wrote is not the driver's", async () => {
  const probe = await leaveProbe(files, at("."));
  writeFileSync(join(root, "probe", probe.name), "another content");
  await expect(answerProbe(files, probe, who)).rejects.toThrow(/does not see the .* has another content here/);
});

test("a directory in which the executor cannot write is named", async () => {
  const probe = await leaveProbe(files, at("."));
  await mkdir(join(root, "probe", `${probe.name}.e-1`, "in the way"), { recursive: true });
  await expect(answerProbe(files, probe, who)).rejects.toThrow(
    /executor e-1 on build-7 sees .*, but cannot write there: EISDIR\. .* mount it writable on that machine/,
  );
});

test("what killed processes have left goes with the next start, and with the end", async () => {
  const killed = await leaveProbe(files, at("."));
  writeFileSync(join(root, "probe", `${killed.name}.e-1`), "");
  const probe = await leaveProbe(files, at("."));
  expect(left()).toEqual([probe.name]);
  writeFileSync(join(root, "probe", `${probe.name}.e-1`), "");
  await removeProbe(files, probe);
  expect(left()).toEqual([]);
});
