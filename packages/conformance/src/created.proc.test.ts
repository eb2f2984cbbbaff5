import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "millrace/package.json" with { type: "json" };
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LineServer } from "./line-server.fixture.ts";
import { type Ended, TestProcess } from "./process.fixture.ts";

// What `npm create millrace` makes, from the packed packages and by npm. Needs the registry, or what npm has in its cache.

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "millrace created-"));
const tarball = (name: string): string => `./${name}-${manifest.version}.tgz`;
const sockets = join(scratch, "my clicks");
const files = join(scratch, "my-files");

beforeAll(async () => {
  await ended(scratch, process.execPath, join(checkout, "scripts/pack.mjs"), "--to", scratch);
  const create = ["exec", "--yes", `--package=${tarball("create-millrace")}`, "--", "create-millrace"];
  await ended(scratch, "npm", ...create, "my clicks", "--no-install");
  await ended(scratch, "npm", ...create, "my-files", "--source", "files", "--test", "node", "--no-install");
  const quick = ["--prefer-offline", "--no-audit", "--no-fund"];
  await ended(sockets, "npm", "install", ...quick, join("..", tarball("millrace"))); // not in the registry
  symlinkSync(join(sockets, "node_modules"), join(files, "node_modules"));
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each([
  ["that reads sockets and is tested by vitest", sockets],
  ["that reads files and is tested by Node", files],
])("a new project %s", (_, project) => {
  test("has no type errors, in its job and in what it imports", async () => {
    await ended(project, "npm", "run", "typecheck");
  });

  test("passes its test", async () => {
    await ended(project, "npm", "test");
  });

  test("passes its check", async () => {
    expect((await ended(project, "npm", "run", "check")).stdout).toContain("job.ts: no errors");
  });
});

test("a new project depends on the millrace that it was made by", () => {
  const made = JSON.parse(readFileSync(join(files, "package.json"), "utf8"));
  expect(made.dependencies).toEqual({ millrace: manifest.version });
});

test("a Node that is too old makes no project, and learns of both versions", async () => {
  const old = join(scratch, "old-node.cjs");
  writeFileSync(old, 'Object.defineProperty(process, "versions", { value: { node: "16.20.2" } });');
  const main = join(checkout, "packages/create-millrace/dist/main.js");
  const { code, stderr } = await new TestProcess("old", process.execPath, ["--require", old, main], { cwd: scratch })
    .ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`create-millrace ${manifest.version} needs Node 20.19 or newer, and this is Node 16.20.2`);
});

test("the job of a new project counts what its source sends", async () => {
  const server = await LineServer.listen();
  const address = ["--", "127.0.0.1", String(server.port)];
  const job = new TestProcess(
    "run",
    "node",
    ["node_modules/millrace/bin/millrace.js", "run", "src/job.ts", ...address],
    {
      cwd: sockets,
    },
  );
  await server.connected();
  server.send("GET /cart 503 17\n");
  await job.says(/'\/cart', \{ requests: 1, errors: 1 \}/);
  job.signal("SIGINT");
  expect((await job.ended).code).toBe(0);
  await server.close();
});

async function ended(cwd: string, command: string, ...args: readonly string[]): Promise<Ended> {
  const end = await new TestProcess(args.join(" "), command, args, { cwd }).ended;
  expect(end, args.join(" ")).toMatchObject({ code: 0 });
  return end;
}
