import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the built command in a new directory. */
function start(...args: string[]): ChildProcess {
  const { MILLRACE_DRIVER: _, MILLRACE_TOKEN: __, ...env } = process.env;
  return spawn(process.execPath, [main, ...args], { cwd: folder, env: { ...env, XDG_CACHE_HOME: folder } });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => (out += chunk));
  child.stderr?.on("data", (chunk) => (err += chunk));
  const [code] = await once(child, "close");
  return { code, out, err };
}

/** An address where nobody listens: its port was free a moment ago. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}

function jobFile(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

test("an unknown option exits with 2, a suggestion, and nothing on standard output", async () => {
  const { code, out, err } = await ended(start("run", "job.ts", "--mastr", "local"));
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^\[BAD_USAGE\] unknown option '--mastr' \(Did you mean --master\?\)/);
});

test("calling a driver that is not there exits with 1 and names the address", async () => {
  const address = await deadAddress();
  const { code, out, err } = await ended(start("jobs", "--driver", address));
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(/^\[PEER_UNREACHABLE\] nothing answers at .*ECONNREFUSED/);
  expect(err).toContain(address);
});

const job = (options: string, build: string): string =>
  `import { connect } from "node:net";\nimport { defineJob } from "millrace";\n` +
  `export default defineJob(${options}, (ssc, args) => {\n${build}\n});\n`;
const plain = '{ name: "j", batchInterval: "1s" }';
const lines = 'ssc.socketTextStream("localhost", 1)';

// What syntax, bundling, types and the graph can have wrong is told by the tests of `bundler` and `api`: here, that `check`
// goes all the way to the graph, and what it says of a job that is well.
test("check refuses, with 2, errors that only declaring the graph reveals, and prints nothing on standard output", async () => {
  const file = jobFile("window.ts", job(plain, `${lines}.window("1500ms").print();`));
  expect(await ended(start("check", file))).toEqual({
    code: 2,
    out: "",
    err: expect.stringMatching(/^\[BAD_WINDOW\]/m),
  });
});

test("check passes the job its arguments, and reports no errors on standard output", async () => {
  const file = jobFile(
    "args.ts",
    job(plain, `if (args[0] !== "9") throw new Error("which port?");\n${lines}.print();`),
  );
  expect(await ended(start("check", file, "--", "9"))).toMatchObject({ code: 0, out: "args.ts: no errors\n" });
});

test("submit waits for a driver that is not there, and Ctrl-C gives up with 130", async () => {
  const job = jobFile(
    "idle.ts",
    'import { defineJob } from "millrace";\nexport default defineJob({ name: "idle", batchInterval: "1s" }, () => {});\n',
  );
  const child = start("submit", job, "--driver", await deadAddress());
  const result = ended(child);
  child.stderr?.on("data", (chunk) => {
    if (String(chunk).includes("waiting for a driver")) child.kill("SIGINT");
  });
  expect(await result).toMatchObject({ code: 130, out: "" });
});

test("run --watch starts a job again when its file changes, also after it did not compile", async () => {
  const text = (word: string): string =>
    job('{ name: "j", batchInterval: "100ms" }', `ssc.queueStream([["${word}"]]).print();`);
  const file = jobFile("watched.ts", text("one"));
  const child = start("run", file, "--watch", "--master", "local[1]");
  const steps: readonly (readonly [RegExp, () => unknown])[] = [
    [/^one$/m, () => jobFile("watched.ts", "export default = ;")],
    [/\[JOB_SYNTAX\].*[\s\S]*waiting for a change/, () => jobFile("watched.ts", text("two"))],
    [/^two$/m, () => child.kill("SIGINT")],
  ];
  let said = "";
  let step = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      said += chunk;
      const [wanted, act] = steps[step] ?? [/$^/, () => undefined];
      if (!wanted.test(said)) return;
      step += 1;
      act();
    });
  }
  expect(await ended(child)).toMatchObject({ code: 0, err: expect.stringContaining("watched.ts has changed") });
  expect(step).toBe(steps.length);
});

test("a reader that leaves early is no failure", async () => {
  const child = start("--help");
  child.stdout?.destroy();
  const { code, err } = await ended(child);
  expect({ code, err }).toEqual({ code: 0, err: "" });
});

test.skipIf(!existsSync("/dev/full"))(
  "output that cannot be written ends a job gracefully, with 1 and the reason, once",
  async () => {
    const file = jobFile(
      "full.ts",
      job('{ name: "j", batchInterval: "100ms" }', "ssc.queueStream([[1], [2]]).print();"),
    );
    const full = openSync("/dev/full", "w");
    const { MILLRACE_DRIVER: _, ...env } = process.env;
    const run = [main, "run", file, "--master", "local[1]"];
    const child = spawn(process.execPath, run, { cwd: folder, env, stdio: ["ignore", full, "pipe"] });
    const { code, err } = await ended(child);
    closeSync(full);
    expect(code).toBe(1);
    expect(err.match(/^\[OUTPUT_UNWRITABLE\] .*ENOSPC.*Free space/gm)).toHaveLength(1);
    expect(err).not.toMatch(/^ {4}at |Node\.js/m);
  },
);

test.each([
  ["driver", "--data-dir", ["--port", "0", "--ui-port", "0"]],
  ["executor", "--work-dir", ["--driver", "127.0.0.1:1"]],
])("%s refuses an invalid %s before it reports that it is ready", async (command, option, options) => {
  writeFileSync(join(folder, "file"), "");
  const { code, err } = await ended(start(command, ...options, option, "file"));
  expect(code).toBe(2);
  expect(err).toMatch(/^\[DIRECTORY_UNUSABLE\] .*EEXIST/);
  expect(err).toContain(option);
});

// The limits of the system depend on the machine; this one is set by the test.
test.skipIf(process.platform !== "linux")(
  "a pool that the system refuses is the reason that `run` reports",
  async () => {
    const file = jobFile("pool.ts", job('{ name: "j", batchInterval: "100ms" }', "ssc.queueStream([[1]]).print();"));
    const run = [process.execPath, main, "run", file, "--master", "local[1]", "--conf", "storage.pool.bytes=1t"];
    const child = spawn("sh", ["-c", 'ulimit -v 100000000 && exec "$@"', "sh", ...run], { cwd: folder });
    const { code, err } = await ended(child);
    expect({ code, err }).toEqual({ code: expect.any(Number), err: expect.stringMatching(/^\[POOL_NOT_CREATED\] /m) });
    expect(code).not.toBe(0);
  },
);

test("a job that sets an unusable heap for itself is refused with the range", async () => {
  const own = '{ name: "j", batchInterval: "100ms", conf: { "driver.heap": 12 } }';
  const file = jobFile("heap.ts", job(own, "ssc.queueStream([[1]]).print();"));
  const { code, err } = await ended(start("run", file, "--master", "local[1]"));
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringMatching(/^\[BAD_CONFIGURATION\] .*32m to 1t, not "?12/m),
  });
});
