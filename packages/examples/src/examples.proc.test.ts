import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readChatLog, wrongCounts } from "./chat-log.ts";
import { nextMessage } from "./chat-script.ts";
import { ChatServer } from "./chat-server.ts";

const command = fileURLToPath(new URL("../node_modules/millrace/bin/millrace.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

const example = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

function millrace(...args: string[]): ChildProcess {
  return spawn(process.execPath, [command, ...args], { cwd: folder });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, "close");
  return { code, out, err };
}

describe("the chat room", () => {
  test.each(["local[2]", "local-cluster[2,1]"])("counts every word it shows, on %s", async (master) => {
    const server = new ChatServer({ host: "127.0.0.1", port: 0, rate: 50, next: () => nextMessage(Math.random) });
    const port = String(await server.listen());
    try {
      const run = millrace(
        "run",
        example("chat-room.ts"),
        "--master",
        master,
        "--batches",
        "4",
        "--",
        "127.0.0.1",
        port,
      );
      const { code, out, err } = await ended(run);
      expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
      const batches = readChatLog(out);
      expect(batches).toHaveLength(4);
      expect(wrongCounts(batches)).toEqual([]);
      expect(batches.at(-1)?.counts.size).toBeGreaterThan(0);
    } finally {
      await server.close();
    }
  });
});

test("the word count writes the counts of a file that appears", async () => {
  const input = join(folder, "in");
  mkdirSync(input);
  const run = millrace(
    "run",
    example("word-count-files.ts"),
    "--master",
    "local[2]",
    "--batches",
    "2",
    "--",
    input,
    "out/counts",
  );
  run.stderr?.on("data", (chunk) => {
    if (!String(chunk).includes("running on")) return;
    writeFileSync(join(folder, "fresh"), "The cat, the dog\nthe END");
    renameSync(join(folder, "fresh"), join(input, "text"));
  });
  const { code, err } = await ended(run);
  expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
  const files = readdirSync(join(folder, "out"), { recursive: true }).map(String);
  expect(files.filter((name) => name.endsWith("_SUCCESS"))).toHaveLength(2);
  const parts = files
    .filter((name) => /part-\d+$/.test(name))
    .map((name) => readFileSync(join(folder, "out", name), "utf8"));
  expect(parts.join("").trim().split("\n").sort()).toEqual(["cat\t1", "dog\t1", "end\t1", "the\t3"]);
});

test("the click stream shows the ten pages visited most, most visited first", async () => {
  const { code, out, err } = await ended(
    millrace("run", example("click-stream-top-ten.ts"), "--master", "local[2]", "--batches", "3"),
  );
  expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
  const last = out
    .trim()
    .split("\n")
    .slice(-10)
    .map((line) => /^ *(\d+) {2}(\w+, page \d+)$/.exec(line));
  const visits = last.map((match) => Number(match?.[1]));
  expect(visits).toHaveLength(10);
  expect(visits).toEqual([...visits].sort((a, b) => b - a));
});
