import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { packedConnector } from "./connector.mjs";
import { collectFiles } from "./files.mjs";
import { entriesOf, isVersion, packedManifest } from "./manifest.mjs";
import { grown } from "./size.mjs";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const FILES = {
  "packages/millrace/bin/millrace.js": 'import("@millrace/cli/main");\n',
  "packages/millrace/dist/index.js": 'export * from "@millrace/api";\n//# sourceMappingURL=index.js.map\n',
  "packages/millrace/dist/index.d.ts": 'export * from "@millrace/api";\n',
  "packages/api/dist/index.js": 'export { a } from "./part/a.js"; // "@millrace/cli" is not imported\n',
  "packages/api/dist/index.d.ts": 'export type { A } from "./part/a.ts";\n',
  "packages/api/dist/part/a.js": 'import "pino";\nexport const a = new URL("./thread.js", import.meta.url);\n',
  "packages/api/dist/part/a.d.ts": "export type A = 1;\n",
  "packages/api/dist/part/thread.js": 'export default "./nothing.js";\n',
  "packages/api/dist/unused.js": "export {};\n",
  "packages/cli/dist/main.js": 'import "../package.json";\n',
  "packages/cli/package.json": "{}",
};

const own = (file: string) => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` });
const published = {
  ...{ name: "millrace", version: "1.2.3", gitHead: undefined, description: "", keywords: [], license: "Apache-2.0" },
  ...{ homepage: "", repository: {}, engines: {}, bin: { millrace: "./bin/millrace.js" } },
  exports: { ".": own("index"), "./package.json": "./package.json" },
};
const packages = [
  { folder: "packages/api", manifest: { name: "@millrace/api", exports: { ".": own("index") }, ...needs("pino") } },
  {
    folder: "packages/cli",
    manifest: { name: "@millrace/cli", exports: { "./main": own("main") }, ...needs("unused") },
  },
];

function needs(name: string) {
  return { dependencies: { [name]: "1.0.0", "@millrace/base": "workspace:*" } };
}

function collected() {
  const root = mkdtempSync(join(tmpdir(), "millrace-pack-"));
  folders.push(root);
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return collectFiles(packages, root, entriesOf(published));
}

test("what the entries reach is packed, by import or by a path in a string, with relative imports and no maps", () => {
  expect(Object.fromEntries(collected().map(({ target, text }) => [target, text]))).toEqual({
    "bin/millrace.js": 'import("../dist/cli/main.js");\n',
    "dist/millrace/index.js": 'export * from "../api/index.js";\n',
    "dist/millrace/index.d.ts": 'export * from "../api/index.js";\n',
    "dist/api/index.js": FILES["packages/api/dist/index.js"],
    "dist/api/index.d.ts": 'export type { A } from "./part/a.js";\n',
    "dist/api/part/a.js": FILES["packages/api/dist/part/a.js"],
    "dist/api/part/a.d.ts": FILES["packages/api/dist/part/a.d.ts"],
    "dist/api/part/thread.js": FILES["packages/api/dist/part/thread.js"],
    "dist/cli/main.js": 'import "../../package.json";\n', // the package's own: all have one version
  });
});

test("the manifest names the packed entries, and the packages that the files import", () => {
  const { exports, dependencies } = packedManifest(published, packages, collected());
  expect(exports).toEqual({
    ".": { types: "./dist/millrace/index.d.ts", default: "./dist/millrace/index.js" },
    "./package.json": "./package.json",
  });
  expect(dependencies).toEqual({ pino: "1.0.0" });
});

test("a version has three numbers, and perhaps the name of a prerelease", () => {
  expect(["0.1.0", "1.20.3", "1.0.0-rc.1", "1.0.0-a-b"].filter((text) => !isVersion(text))).toEqual([]);
  expect(["banana", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-a..b", "1.2.3 ", ""].filter(isVersion)).toEqual([]);
});

test("bytes may grow by a tenth, dependencies by none", () => {
  const recorded = { packedBytes: 1000, unpackedBytes: 1000, files: 10, dependencies: 3, installed: 50 };
  expect(grown({ ...recorded, packedBytes: 1100, installed: 55 }, recorded)).toEqual([]);
  expect(grown({ ...recorded, packedBytes: 1101, dependencies: 4 }, recorded)).toMatchObject([
    expect.stringContaining("1101 bytes packed, and 1000 are recorded"),
    expect.stringContaining("4 dependencies, and 3 are recorded"),
  ]);
});

test("a connector is packed with what is built, beside the version of millrace that it was made with", () => {
  const exports = { ".": { "millrace-source": "./src/index.ts", ...own("index") }, "./package.json": "./package.json" };
  const manifest = {
    ...{ name: "@millrace/kafka", version: "0.0.1", private: true, exports },
    ...{
      dependencies: { client: "1.0.0" },
      peerDependencies: { millrace: "workspace:^" },
      devDependencies: { millrace: "workspace:*" },
    },
  };
  expect(packedConnector(manifest, "1.2.3")).toEqual({
    ...{ name: "@millrace/kafka", version: "1.2.3" },
    exports: { ".": own("index"), "./package.json": "./package.json" },
    ...{ dependencies: { client: "1.0.0" }, peerDependencies: { millrace: "^1.2.3" } },
  });
});
