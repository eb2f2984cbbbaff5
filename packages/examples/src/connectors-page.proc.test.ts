import { afterAll, beforeAll, expect, test } from "vitest";
import { TestedPage } from "./tested-page.fixture.ts";

let page: TestedPage;
beforeAll(() => {
  page = new TestedPage("docs/guide/connectors.md");
});
afterAll(() => page.remove());

test("the connector of the page compiles", async () => {
  await page.compile("--project", page.folder);
});

test("and keeps the contracts of sources, sinks and file systems", async () => {
  const output = await page.test();
  const [, passed = "0"] = /Tests .*?(\d+) passed/.exec(output) ?? [];
  expect(Number(passed)).toBeGreaterThan(40);
});
