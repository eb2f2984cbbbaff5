import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type CreateSession, session } from "./create.fixture.ts";

let sessions: CreateSession[] = [];
afterEach(() => {
  for (const one of sessions) one.close();
  sessions = [];
});

function open(parts: Parameters<typeof session>[0] = {}): CreateSession {
  const opened = session(parts);
  sessions.push(opened);
  return opened;
}

describe("what is chosen", () => {
  test("in a pipe nothing is asked, and the first of each is taken", async () => {
    const it = open();
    const { code, out } = await it.run();
    expect({ code, ran: it.ran }).toEqual({ code: 0, ran: ["npm install in my-job"] });
    expect(out).toContain("  cd my-job\n  npm test\n");
    expect(existsSync(join(it.folder, "my-job/src/job.test.ts"))).toBe(true);
    expect(readFileSync(join(it.folder, "my-job/src/job.ts"), "utf8")).toContain("socketTextStream");
  });

  test("at a terminal everything is asked, again until the answer is one of them", async () => {
    const it = open({ answers: ["clicks", "kafka", "f", "node"] });
    const { code, out } = await it.run("--no-install");
    expect({ code, ran: it.ran }).toEqual({ code: 0, ran: [] });
    expect(out).toContain('"kafka" is neither');
    expect(out).toContain("  cd clicks\n  npm install\n");
    expect(readFileSync(join(it.folder, "clicks/src/job.ts"), "utf8")).toContain("textFileStream");
    expect(existsSync(join(it.folder, "clicks/src/job.test.js"))).toBe(true);
  });

  test("what is given is not asked, and --yes asks nothing", async () => {
    const flags = ["--source", "files", "--test", "node"];
    expect((await open({ answers: [] }).run("clicks", ...flags)).code).toBe(0);
    expect((await open({ answers: [] }).run("--yes")).code).toBe(0);
  });

  test("Ctrl-C at a question ends with 130, and nothing is made", async () => {
    const it = open({ answers: ["clicks"] });
    expect((await it.run()).code).toBe(130);
    expect(existsSync(join(it.folder, "clicks"))).toBe(false);
  });

  test("--help and --version make nothing", async () => {
    expect(await open().run("--help")).toMatchObject({
      code: 0,
      out: expect.stringContaining("--source sockets|files"),
    });
    expect(await open().run("--version")).toEqual({ code: 0, out: "1.2.3\n", err: "" });
  });

  test("an install that fails leaves the project there, ends with 1, and says what to do", async () => {
    const it = open({ installs: false });
    const { code, err } = await it.run("clicks");
    expect(code).toBe(1);
    expect(err).toMatch(/`npm install` failed in .*clicks.*the project is there/);
    expect(existsSync(join(it.folder, "clicks/package.json"))).toBe(true);
  });
});

describe("is refused with one sentence and its remedy, and nothing is touched:", () => {
  test.each([
    [["a", "b"], /2 are named: a, b/],
    [["--test", "jest"], /--test "jest" is not one of: vitest, node/],
    [["--source", "kafka"], /--source "kafka" is not one of: sockets, files/],
    [["--", "--yes"], /"--yes" is given as a folder, because it follows a "--"\. Leave that out.*\.\/--yes/],
    [["--tset", "node"], /Unknown option '--tset'\. --help lists what there is/],
    [["???"], /"\?\?\?" has no letter from a to z.*such as my-job/],
    [["x".repeat(215)], /215 characters, and npm takes 214/],
    [["Millrace"], /cannot be called millrace/],
  ])("%j", async (args, message) => {
    const it = open();
    const { code, out, err } = await it.run(...args);
    expect({ code, out, ran: it.ran }).toEqual({ code: 2, out: "", ran: [] });
    expect(err).toMatch(message);
  });

  test("a folder that is not empty, or a file", async () => {
    const it = open();
    mkdirSync(join(it.folder, "full/.git"), { recursive: true });
    for (const name of ["a", "b", "c", "d"]) writeFileSync(join(it.folder, "full", name), "mine");
    expect((await it.run("full")).err).toMatch(
      /full is not empty: it has a, b, c and 1 more\. Give a folder that is empty/,
    );
    expect((await it.run("full/a")).err).toMatch(/a is a file\. Give the name of a folder/);
  });

  test.skipIf(process.getuid?.() === 0)("a folder where this user may not write", async () => {
    const it = open();
    mkdirSync(join(it.folder, "locked"));
    chmodSync(join(it.folder, "locked"), 0o500);
    expect((await it.run("locked")).err).toMatch(
      /locked cannot be used: EACCES.*Give a folder where this user may write/,
    );
  });

  test("a working directory that is gone", async () => {
    expect(await open({ gone: true }).run("clicks")).toMatchObject({
      code: 2,
      err: expect.stringContaining("is gone, so nothing can be made in it. Change to another folder"),
    });
  });

  test("a folder below a file", async () => {
    const it = open();
    writeFileSync(join(it.folder, "file"), "");
    expect((await it.run("file/sub")).err).toMatch(/sub cannot be used: .*Give a folder where this user may write/);
  });

  test.runIf(existsSync("/proc/self"))("a folder in a place where the system makes none", async () => {
    expect((await open().run("/proc/clicks")).err).toMatch(/clicks cannot be used: ENOENT/);
  });
});

test.each([
  ["it's", 'cd "it\'s"'],
  ["./-x", "cd ./-x"],
  ["$HOME", "cd '$HOME'"],
  ['"`it\'s`"', "cd '\"`it'\\''s`\"'"],
])("the next steps name the folder %s as a shell takes it", async (name, step) => {
  const it = open();
  expect((await it.run(name, "--no-install")).out).toContain(`  ${step}\n`);
});

test("a folder with spaces, and one that has only a repository, get a project", async () => {
  const it = open();
  mkdirSync(join(it.folder, "My Clicks/.git"), { recursive: true });
  const { code, out } = await it.run("My Clicks", "--no-install");
  expect(code).toBe(0);
  expect(out).toContain('cd "My Clicks"');
  expect(JSON.parse(readFileSync(join(it.folder, "My Clicks/package.json"), "utf8")).name).toBe("my-clicks");
});
