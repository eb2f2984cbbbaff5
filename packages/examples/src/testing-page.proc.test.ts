import { afterAll, beforeAll, expect, test } from "vitest";
import { TestedPage } from "./tested-page.fixture.ts";

let page: TestedPage;
beforeAll(() => {
  page = new TestedPage("docs/testing.md");
});
afterAll(() => page.remove());

test("the examples of the page on testing compile", async () => {
  await page.compile("--project", page.folder);
});

test("and pass, under vitest", async () => {
  const files = [...page.examples().keys()].filter((name) => /(?<!\.node)\.test\.ts$/.test(name));
  expect(files.length).toBeGreaterThan(5);
  expect(await page.test()).toContain(`${files.length} passed`);
});

test("and under node:test, by the commands of the page, in a project with a tsconfig.json", async () => {
  const [compile = [], start = []] = page.commands(/^(?:npx tsc|node --test) /);
  expect(compile).toContain("tsc");
  await page.compile(...compile.slice(2));
  expect(await page.run(...start.slice(1))).toMatch(/pass 1\b/);
});
