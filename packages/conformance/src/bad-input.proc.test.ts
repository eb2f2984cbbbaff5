import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAddress } from "@millrace/rpc";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { LineServer } from "./line-server.fixture.ts";
import { Neighbour } from "./neighbour.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

// Invalid input from outside: each is a clear error, and the job next to it is undisturbed.

let cluster: TestCluster;
let neighbour: Neighbour;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-bad-"));
  cluster = await TestCluster.start({ executors: 1, slots: 2 });
  neighbour = await Neighbour.in(cluster);
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

afterEach(cleanUp);

const portOf = (address: string): string => String(parseAddress(address).port);

describe("a port in use", () => {
  test.each([
    ["--port", () => portOf(cluster.address)],
    ["--ui-port", () => portOf(cluster.uiAddress)],
  ])("is refused with 1 and the name of its option: %s", async (option, port) => {
    const ports = ["--port", "0", "--ui-port", "0", option, port()];
    const driver = TestProcess.millrace(["driver", ...ports, "--data-dir", join(folder, "second")]);
    later(() => driver.end());
    expect(await driver.ended).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        new RegExp(`^\\[BIND_FAILED\\].*127\\.0\\.0\\.1:${port()}.*Choose another.*${option}`),
      ),
    });
    await neighbour.expectUnharmed();
  });
});

/** Node's options for a process in which our modules are those of another release. */
function anotherRelease(): string {
  const hooks = `export async function load(url, context, next) {
    const module = await next(url, context);
    if (!url.endsWith("/rpc/dist/session.js")) return module;
    return { ...module, source: String(module.source).replace(/PROTOCOL_VERSION = \\d+/, "PROTOCOL_VERSION = 99") };
  }`;
  const data = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  return `--import=${data(`import { register } from "node:module"; register(${JSON.stringify(data(hooks))});`)}`;
}

test("an executor of another protocol version is refused with both versions, and ends", async () => {
  const options = ["--driver", cluster.address, "--name", "other", "--work-dir", join(folder, "other")];
  const executor = TestProcess.millrace(["executor", ...options], { env: { NODE_OPTIONS: anotherRelease() } });
  later(() => executor.end());
  expect(await executor.ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^\[PROTOCOL_MISMATCH\].*version 99 .*version \d+\b.*Install the same/m),
  });
  await neighbour.expectUnharmed();
  expect(await cluster.ask("executors")).toMatchObject([{ id: "e-0", state: "connected" }]);
});

test("an operator's command of another protocol version is refused with both versions", async () => {
  const env = { NODE_OPTIONS: anotherRelease(), MILLRACE_DRIVER: cluster.address };
  expect(await TestProcess.millrace(["jobs"], { env }).ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^\[PROTOCOL_MISMATCH\].*version 99 .*version \d+\b/),
  });
});

describe("bytes that are no message of ours", () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  test.each([
    ["another protocol", Buffer.from("EHLO example.org\r\n\r\n")],
    ["a frame past every bound", Buffer.concat([preface, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])])],
    ["a frame cut short", Buffer.concat([preface, Buffer.from([0, 1, 0, 4, 0])])],
  ])("end their connection alone: %s", async (_what, bytes) => {
    for (const address of [cluster.address, cluster.uiAddress]) {
      const socket = connect(parseAddress(address));
      socket.on("error", () => undefined); // a reset ends it as well
      socket.resume().end(bytes);
      await once(socket, "close");
    }
    await neighbour.expectUnharmed();
    expect(await fetch(`http://${cluster.uiAddress}/healthz`)).toMatchObject({ status: 200 });
  });
});

test("invalid UTF-8 from a socket is kept as U+FFFD, and no line is too strange", async () => {
  const source = await LineServer.listen();
  later(() => source.close());
  const job = await cluster.submit("lines", [String(source.port)]);
  await source.connected();
  source.send(Buffer.from([0x61, 0xff, 0x62, 0x0a])); // no start of any character
  source.send(Buffer.from([0xe2, 0x82, 0x0d, 0x0a])); // the first two bytes of three
  source.send(Buffer.from([0xed, 0xa0, 0x80, 0x0a])); // half of a surrogate pair
  source.send(Buffer.from([0x00, 0x0a, 0x0a])); // a NUL, and nothing
  source.send(Buffer.from([0xf0, 0x9f])); // two parts of one character
  source.send(Buffer.from([0x98, 0x80, 0x0a]));
  source.send("the end\n");
  await job.log.says(/^line "the end"$/);
  expect(job.log.all.filter((line) => line.startsWith("line "))).toEqual([
    'line "a\ufffdb"',
    'line "\ufffd"',
    'line "\ufffd\ufffd\ufffd"',
    'line "\\u0000"',
    'line ""',
    'line "😀"',
    'line "the end"',
  ]);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  await neighbour.expectUnharmed();
});

test("a file that vanishes between listing and reading fails its job, which names it", async () => {
  const watched = join(folder, "watched");
  await mkdir(watched);
  const file = join(watched, "words.txt");
  const job = await cluster.submit("vanishing", [watched, file]);
  await job.log.says(/^lines 0$/);
  await writeFile(join(watched, ".words"), "one\ntwo\n");
  await rename(join(watched, ".words"), file);
  const { state, error } = await job.ended;
  expect(state).toBe("failed");
  expect(error?.message).toMatch(/\[FILE_NOT_FOUND\] the input file .*words\.txt could not be opened: nothing exists/);
  await neighbour.expectUnharmed();
});

describe("an output directory that exists", () => {
  const run = (directory: string) =>
    TestProcess.millrace(["run", jobFile("saves"), "--master", "local[1]", "--", directory]).ended;

  test("is refused by run, and stays as it was", async () => {
    const directory = join(folder, "mine");
    await mkdir(directory);
    await writeFile(join(directory, "part-00000"), "precious\n");
    expect(await run(directory)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^\[OUTPUT_EXISTS\] the output directory .*mine already exists.*Remove it/m),
    });
    expect(await readdir(directory)).toEqual(["part-00000"]);
    expect(await readFile(join(directory, "part-00000"), "utf8")).toBe("precious\n");
  });

  test("is refused to the next batch of the same job, and the first one's output stays whole", async () => {
    const directory = join(folder, "once");
    expect(await run(directory)).toMatchObject({ code: 1, stderr: expect.stringContaining("[OUTPUT_EXISTS]") });
    expect((await readdir(directory)).sort()).toEqual(["_SUCCESS", "part-00000"]);
    expect(await readFile(join(directory, "part-00000"), "utf8")).toBe("a line\n");
  });
});
