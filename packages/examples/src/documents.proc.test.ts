import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frameOf, matches, readDocument } from "./document.fixture.ts";
import { runExample } from "./document-run.fixture.ts";

// Every example of the documents is compiled and run on the engine, and must print what its page shows.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const command = join(root, "packages/examples/node_modules/millrace/bin/millrace.js");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-documents-")));
const before = process.cwd();

/** Their examples are modules with tests, and have a test of their own. */
const TESTED = ["docs/testing.md", "docs/guide/connectors.md"];
const pages = ["README.md", ...documentsBelow("docs")].filter((path) => !TESTED.includes(path));
const frame = frameOf(read("docs/guide/README.md"));
const documents = pages.map((path) => ({ path, ...readDocument(path, read(path), frame) }));
const examples = documents.flatMap(({ path, examples }) =>
  examples.map((example) => ({ ...example, place: join(folder, placeOf(path), example.file) })),
);
const sessions = documents.flatMap(({ path, sessions }) =>
  sessions.map((session) => ({ ...session, cwd: join(folder, placeOf(path)) })),
);

beforeAll(() => {
  for (const { place, code } of examples) {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, code);
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const packages = { millrace: "packages/millrace", "@types/node": "node_modules/@types/node" };
  for (const [name, path] of Object.entries(packages)) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(realpathSync(join(root, path)), join(folder, "node_modules", name));
  }
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

test("documents have examples", () => {
  expect(examples.length).toBeGreaterThan(1);
});

test("every example compiles, strictly", async () => {
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    ...{ module: "nodenext", target: "es2023", moduleDetection: "force", types: ["node"] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  const { code, out } = await run(join(root, "node_modules/typescript/bin/tsc"), ["--project", folder], folder);
  expect({ code, out }).toEqual({ code: 0, out: "" });
});

describe("every job does what its page shows", () => {
  test.each(examples.filter(({ isJob }) => isJob).map((example) => [example.at, example] as const))(
    "%s",
    async (_, example) => {
      process.chdir(dirname(example.place));
      await runExample(example, example.place);
    },
  );
});

describe("every command line does what its page shows", () => {
  test.skipIf(sessions.length === 0).each(sessions.map((session) => [session.at, session] as const))(
    "%s",
    async (_, { command: [program, ...args], output, cwd }) => {
      expect(program).toBe("millrace");
      const { code, out, err } = await run(command, args, cwd);
      expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
      const written = out.trimEnd().split("\n");
      if (!matches(written, output)) expect(written).toEqual(output);
    },
  );
});

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function documentsBelow(path: string): string[] {
  return readdirSync(join(root, path), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .filter((found) => !found.startsWith("docs/reference/"))
    .sort();
}

/** `docs/guide/windows.md` has its examples in `docs-guide-windows`, where they may import each other. */
function placeOf(path: string): string {
  return path.replace(/\.md$/, "").replaceAll("/", "-");
}

async function run(program: string, args: readonly string[], cwd: string) {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd, env });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text.out += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text.err += part;
  });
  const [code] = await once(child, "close");
  return { code, ...text };
}
