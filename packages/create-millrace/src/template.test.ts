import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SOURCES, TESTS } from "./choices.ts";
import { packageManagerOf } from "./package-manager.ts";
import { readLayer } from "./project-folder.ts";
import { render } from "./template.ts";

const ALL = SOURCES.flatMap((source) => TESTS.map((test) => ({ folder: "x", source, test })));

function project(choices: (typeof ALL)[number]) {
  const files = render(choices, readLayer, { name: "clicks", version: "1.2.3" });
  const manifest: unknown = JSON.parse(files.find(({ path }) => path === "package.json")?.text ?? "");
  return { files, paths: files.map(({ path }) => path).sort(), manifest };
}

test.each(ALL)("a project of $source and $test is complete, and has nothing left to fill in", (choices) => {
  const { files, paths, manifest } = project(choices);
  expect(paths).toEqual([
    ".dockerignore",
    ".gitignore",
    "README.md",
    "cluster.token",
    "compose.yml",
    "feed.mjs",
    "package.json",
    choices.test === "vitest" ? "src/job.test.ts" : "src/job.test.js",
    "src/job.ts",
    "tsconfig.json",
  ]);
  expect(files.filter(({ text }) => text.includes("{{"))).toEqual([]);
  expect(manifest).toMatchObject({
    name: "clicks",
    scripts: {
      dev: expect.any(String),
      test: choices.test === "vitest" ? "vitest run" : "node --test",
      submit: expect.any(String),
    },
    dependencies: { millrace: "1.2.3" },
  });
});

test("secrets are neither committed nor sent to docker", () => {
  const ignored = readLayer("common").filter(({ path }) => path.startsWith("_"));
  expect(ignored.map(({ text }) => text.split("\n").includes(".env"))).toEqual([true, true]);
});

test("the tools of a project are those that its template is checked with here", () => {
  const root = fileURLToPath(new URL("../../../package.json", import.meta.url));
  const { devDependencies: ours } = JSON.parse(readFileSync(root, "utf8"));
  const { manifest } = project({ folder: "x", source: "sockets", test: "vitest" });
  const names = ["@types/node", "typescript", "vitest"];
  expect(manifest).toHaveProperty("devDependencies", Object.fromEntries(names.map((name) => [name, `^${ours[name]}`])));
});

test("packages are installed by whoever started this", () => {
  expect(packageManagerOf("pnpm/10.34.9 npm/? node/v20.19.0 linux x64")).toBe("pnpm");
  expect(packageManagerOf("yarn/4.1.0 npm/? node/v20.19.0")).toBe("yarn");
  expect(packageManagerOf("npm/11.0.0 node/v20.19.0 linux x64 workspaces/false")).toBe("npm");
  expect(packageManagerOf(undefined)).toBe("npm");
});
