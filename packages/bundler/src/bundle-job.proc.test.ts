import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { EngineError } from "@millrace/base";
import { afterEach, describe, expect, test } from "vitest";
import { installArtefact, makeArtefact, packArtefact } from "./artefact.ts";
import { bundleJob } from "./bundle-job.ts";
import type { BundleOptions } from "./bundle-options.ts";
import { checkExternals, externalLoader } from "./externals.ts";
import { type Callable, type Lab, openLab, writeFiles } from "./job.fixture.ts";

const run = promisify(execFile);
let folder: string | undefined;
let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  lab = undefined;
  folder = undefined;
});

async function bundle(files: Readonly<Record<string, string>>, options: Partial<BundleOptions> = {}) {
  folder = await writeFiles(files);
  return bundleJob(join(folder, "job.ts"), options);
}

async function failure(files: Readonly<Record<string, string>>, options = {}): Promise<EngineError> {
  const error: unknown = await bundle(files, options).catch((thrown: unknown) => thrown);
  if (error instanceof EngineError) return error;
  throw error;
}

describe("a job that cannot be bundled", () => {
  test("a missing file", async () => {
    const error: unknown = await bundleJob("/nowhere/job.ts").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "JOB_FILE_MISSING", blame: "user" });
  });

  test("a folder", async () => {
    folder = await writeFiles({ "job.ts/x": "" });
    const error: unknown = await bundleJob(join(folder, "job.ts")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "JOB_FILE_MISSING" });
  });

  test("a syntax error, with its line shown", async () => {
    const error = await failure({ "job.ts": "const größe = 1;\nexport default größe = ;\n" });
    expect(error.code).toBe("JOB_SYNTAX");
    expect(error.site).toEqual({ file: "job.ts", line: 2, column: 24 });
    expect(error.message).toContain("job.ts:2:24");
    expect(error.message).toContain("    export default größe = ;\n                           ^");
  });

  test("a syntax error in a helper", async () => {
    const error = await failure({
      "job.ts": "import { a } from './lib/a.ts'; export default a;",
      "lib/a.ts": "export const a: = 1;",
    });
    expect(error).toMatchObject({ code: "JOB_SYNTAX", site: { file: "lib/a.ts", line: 1 } });
  });

  test("a duplicate declaration, which only the lifting sees or esbuild", async () => {
    const error = await failure({ "job.ts": "let a = 1;\nlet a = 2;\nexport default a;" });
    expect(error).toMatchObject({ code: "JOB_SYNTAX", site: { file: "job.ts", line: 2, column: 5 } });
  });

  test("an import of a missing file", async () => {
    const error = await failure({
      "job.ts": "type T = number;\nimport { a } from './missing.ts';\nexport default a as T;",
    });
    expect(error).toMatchObject({ code: "JOB_IMPORT_UNRESOLVED", site: { file: "job.ts", line: 2 } });
    expect(error.message).toContain('"./missing.ts"');
  });

  test("an import of a missing package, in a helper", async () => {
    const error = await failure({
      "job.ts": "import { a } from './a.ts'; export default a;",
      "a.ts": "\n\nimport { a } from 'no-such-package'; export { a };",
    });
    expect(error).toMatchObject({ code: "JOB_IMPORT_UNRESOLVED", site: { file: "a.ts", line: 3 } });
    expect(error.message).toContain("npm install");
  });

  test.each(["node:nope", "https://example.org/x.js", "#nope", "millrace/nope", "./x.wasm"])(
    "an import of %s",
    async (name) => {
      const error = await failure({ "job.ts": `\nimport x from "${name}"; export default x;`, "x.wasm": "" });
      expect(error).toMatchObject({ code: "JOB_IMPORT_UNRESOLVED", site: { file: "job.ts", line: 2, column: 15 } });
    },
  );

  test("a name that millrace does not have", async () => {
    const error = await failure(
      { "job.ts": "import { defineJob, defineTask } from 'millrace'; export default defineJob(defineTask);" },
      { apiExports: ["defineJob"] },
    );
    expect(error.code).toBe("JOB_IMPORT_UNRESOLVED");
    expect(error.message).toContain("defineTask");
    expect(error.site).toEqual({ file: "job.ts", line: 1, column: 21 });
  });

  test("no default export", async () => {
    expect(await failure({ "job.ts": "export const job = 1;" })).toMatchObject({ code: "JOB_NO_DEFAULT_EXPORT" });
  });
});

const TOOL = (extra: string) => `{ "name": "tool", "version": "2.3.4", "main": "index.js"${extra} }`;

describe("packages of a job", () => {
  test("are bundled, with what they import", async () => {
    const artefact = await bundle({
      "job.ts": "import { up } from 'tool'; export default (s: string) => up(s);",
      "node_modules/tool/package.json": TOOL(""),
      "node_modules/tool/index.js": "const os = require('os'); exports.up = (s) => s.toUpperCase() + typeof os.cpus;",
    });
    expect(artefact.manifest.externals).toEqual([]);
    expect(artefact.manifest.files).toEqual(["job.ts"]);
    expect(artefact.driver).toContain("toUpperCase");
  });

  test("ship their functions by name", async () => {
    lab = await openLab({
      "job.ts": "import tool, { up } from 'tool'; const d = tool.down; export default () => [up, d];",
      "node_modules/tool/package.json": TOOL(""),
      "node_modules/tool/index.js": "exports.up = (s) => s.toUpperCase(); exports.down = (s) => s.toLowerCase();",
    });
    const shipped = ((lab.job as Callable)() as unknown[]).map((one) => lab?.ship(one) as Callable);
    expect(shipped.map((one) => one("aB"))).toEqual(["AB", "ab"]);
    expect([...lab.executor.imports.keys()]).toEqual(["tool#default", "tool#default.down", "tool#up"]);
  });

  test.each([
    ["a native part", { "node_modules/tool/build/Release/x.node": "" }, ""],
    ["a gypfile", {}, ', "gypfile": true'],
    ["packages of each platform", {}, ', "optionalDependencies": { "@tool/linux-x64-gnu": "1.0.0" }'],
    ["an asset found by place", { "node_modules/tool/index.js": "exports.up = (s) => s + __dirname;" }, ""],
  ])("stay outside with %s, and are named", async (_what, files, json) => {
    lab = await openLab({
      "job.ts": "import { up } from 'tool'; export default () => up('a');",
      "node_modules/tool/package.json": TOOL(json),
      "node_modules/tool/index.js": "exports.up = (s) => s + 'a';",
      ...files,
    });
    expect(lab.artefact.manifest.externals).toMatchObject([{ name: "tool", version: "2.3.4" }]);
    expect((lab.job as Callable)()).toMatch(/^a./);
  });
});

describe("an installation without a package that a job needs", () => {
  const needs = { entry: "job.ts", apiVersion: "0.1.0", files: ["job.ts"], functions: 0 };
  const external = (name: string) => ({ name, version: "1.2.3", reason: "has native parts" });

  test("is reported with all missing packages, and with no others", async () => {
    folder = await writeFiles({ "node_modules/@own/there/package.json": '{ "exports": {} }' });
    const manifest = { ...needs, externals: ["@own/there", "gone", "@own/gone"].map(external) };
    expect(() => checkExternals(manifest, [join(folder ?? "", "sub"), "/"])).toThrow(
      /\[JOB_PACKAGES_MISSING\].*gone@1\.2\.3, @own\/gone@1\.2\.3/,
    );
    expect(() => checkExternals({ ...needs, externals: [external("@own/there")] }, ["/", folder ?? ""])).not.toThrow();
    expect(() => externalLoader([folder ?? ""])("gone/sub.js")).toThrow("[JOB_PACKAGES_MISSING]");
  });
});

describe("an artefact", () => {
  const JOB = { "job.ts": "const f = (x: number): number => x;\nexport default () => [f, (y: string) => y];" };

  test("is the same for the same source, and has as many functions as have ids", async () => {
    const first = await bundle(JOB);
    if (folder === undefined) throw new Error("no folder");
    const second = await bundleJob(join(folder, "job.ts"));
    expect(second).toEqual(first);
    expect(first.manifest.functions).toBe(3);
  });

  test("comes from the cache until a file changes, vanishes or appears", async () => {
    const files = {
      ...JOB,
      "job.ts": "import { k } from './k.ts';\nexport default (x: number) => x + k;",
      "k.ts": "export const k = 1;",
    };
    folder = await writeFiles(files);
    const steps: string[] = [];
    const options = {
      cacheDir: join(folder, ".cache"),
      onProgress: (step: string) => steps.push(step),
    };
    const file = join(folder, "job.ts");
    const first = await bundleJob(file, options);
    expect(await bundleJob(file, options)).toEqual(first);
    expect(steps).toHaveLength(1);
    await writeFile(join(folder, "k.ts"), "export const k = 2;");
    expect((await bundleJob(file, options)).hash).not.toBe(first.hash);
    expect(steps).toHaveLength(2);
    expect((await readdir(options.cacheDir)).filter((name) => name.endsWith(".artefact"))).toHaveLength(1);
    await writeFile(join(folder, "tsconfig.json"), "{}");
    await bundleJob(file, options);
    expect(steps).toHaveLength(3);
    await bundleJob(file, { ...options, apiExports: ["defineJob"] });
    expect(steps).toHaveLength(4);
    for (const name of await readdir(join(folder, ".cache"))) {
      if (name.endsWith(".artefact")) await writeFile(join(folder, ".cache", name), "broken");
    }
    await bundleJob(file, options);
    expect(steps).toHaveLength(5);
  });

  test("tells the author's files as it reads them, from the cache as well, and when it does not compile", async () => {
    const files: string[] = [];
    const options = { onFile: (path: string) => void files.push(basename(path)) };
    const job = {
      "job.ts":
        "import { k } from './k.ts';\nimport j from './j.json';\nimport { up } from 'tool';\nexport default () => up(k + j.n);",
      "k.ts": "export const k = 1;",
      "j.json": '{ "n": 1 }',
      "node_modules/tool/package.json": TOOL(""),
      "node_modules/tool/index.js": "exports.up = (s) => s;",
      "package.json": "{}",
    };
    await bundle(job, options);
    const told = () => [...new Set(files.splice(0))].sort();
    expect(told()).toEqual(["j.json", "job.ts", "k.ts"]);
    const cached = { ...options, cacheDir: join(folder ?? "", ".cache") };
    await bundleJob(join(folder ?? "", "job.ts"), cached);
    files.length = 0;
    await bundleJob(join(folder ?? "", "job.ts"), cached);
    expect(told()).toEqual(["j.json", "job.ts", "k.ts"]);
    await writeFile(join(folder ?? "", "k.ts"), "export const k = ;");
    await bundleJob(join(folder ?? "", "job.ts"), options).catch(() => undefined);
    expect(told()).toContain("k.ts");
  });

  test("shows the author's file, line and column in stacks of both builds", async () => {
    const artefact = await bundle({
      "job.ts": `import { check } from "./lib/check.ts";
interface Unused { a: number }
const pad = 1;
export default (limit: number) => {
  const inner = (x: number): number => {
    return check<number>(x, limit + pad);
  };
  return inner;
};
`,
      "lib/check.ts": `type Limit = number;

export function check<T>(value: T, limit: Limit): T {
  if (Number(value) > limit) throw new RangeError("too large");
  return value;
}
`,
    });
    if (folder === undefined) throw new Error("no folder");
    const out = join(folder, "out");
    await mkdir(out);
    const { driver, executor } = await installArtefact(packArtefact(artefact), out);
    const script = `
      process.setSourceMapsEnabled(true);
      const factories = new Map();
      const hooks = { tag: (f) => f, define: (id, f) => factories.set(id, f), defineClass() {}, defineImport() {} };
      globalThis[Symbol.for("millrace.job")] = hooks;
      const show = (f) => { try { f(9); } catch (error) { console.log(error.stack.split("\\n").slice(1, 3).join("\\n")); } };
      const job = (await import(${JSON.stringify(pathToFileURL(driver).href)})).default;
      show(job(1));
      await import(${JSON.stringify(pathToFileURL(executor).href)});
      show([...factories].find(([id]) => id.endsWith(":inner"))[1](1));
    `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(4);
    for (const [i, line] of lines.entries()) {
      expect(line).toContain(i % 2 === 0 ? `${folder}/lib/check.ts:4:36` : `${folder}/job.ts:6:12`);
    }
    expect(lines[1]).toContain("at inner ");
  });

  test("knows its own place: import.meta.url is that of the author's file", async () => {
    lab = await openLab({ "job.ts": "export default () => [import.meta.url, import.meta.dirname];" });
    const expected = [pathToFileURL(join(lab.folder, "job.ts")).href, lab.folder];
    expect((lab.job as Callable)()).toEqual(expected);
    expect((lab.ship(lab.job) as Callable)()).toEqual(expected);
  });

  test("is not installed for another major version of the API", async () => {
    const { manifest, driver, executor } = await bundle(JOB);
    const foreign = makeArtefact({ manifest: { ...manifest, apiVersion: "77.0.0" }, driver, executor });
    const out = join(folder ?? "", "out");
    await expect(installArtefact(packArtefact(foreign), out)).rejects.toThrow("[ARTEFACT_VERSION]");
    const packed = packArtefact(makeArtefact({ manifest, driver, executor }));
    const [first, second] = await Promise.all([0, 1].map(() => installArtefact(packed, out)));
    expect(first).toEqual(second);
    expect(await readdir(out)).toHaveLength(2);
  });

  test("is lifted also when its file is part of an installed package", async () => {
    lab = await openLab(
      {
        "node_modules/jobs/job.ts": "import { k } from './k.ts'; export default (x: number) => x + k;",
        "node_modules/jobs/k.ts": "export const k = 1;",
      },
      "node_modules/jobs/job.ts",
    );
    expect((lab.ship(lab.job) as Callable)(1)).toBe(2);
  });

  test("takes TSX, JavaScript and CommonJS for what they are", async () => {
    lab = await openLab(
      {
        "job.tsx":
          "import { a } from './a.js'; import { b } from './b.mjs'; const id = <T,>(x: T) => x; export default () => id(a + b);",
        "a.js": "export const a = 1;",
        "b.mjs": "export const b = 2;",
      },
      "job.tsx",
    );
    expect((lab.job as Callable)()).toBe(3);
  });
});
