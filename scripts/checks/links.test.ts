import { describe, expect, test } from "vitest";
import { checkLinks } from "./links.mjs";

/** The targets that lead nowhere. */
function broken(documents: Readonly<Record<string, string>>, files: readonly string[] = []): string[] {
  const texts = new Map(Object.entries(documents));
  const exists = (path: string): boolean => texts.has(path) || files.includes(path);
  return checkLinks(texts, exists).map(({ where, what }) => `${where} ${what.split(" ")[0]}`);
}

describe("links between documents", () => {
  test("lead to files, from where the document lies", () => {
    const documents = { "docs/a.md": "[b](b.md) and\n[c](../c.md), [d](d.md)", "docs/b.md": "", "c.md": "" };
    expect(broken(documents)).toEqual(["docs/a.md:2 d.md"]);
  });

  test("may lead to other files, to folders, and out into the world", () => {
    const text = "[job](src/job.ts) [all](src) [elsewhere](https://example.org/a.md)";
    expect(broken({ "a.md": text }, ["src/job.ts", "src"])).toEqual([]);
  });

  test("lead to headings, named as GitHub names them", () => {
    const documents = {
      "a.md": "[x](b.md#with-nodetest) [y](b.md#what) [z](#here-1)\n# Here\n# Here",
      "b.md": "## With `node:test`",
    };
    expect(broken(documents)).toEqual(["a.md:1 b.md#what"]);
  });

  test("are none in code", () => {
    expect(broken({ "a.md": "```ts\nconst f = [a](b);\n```\nand `[a](b)`" })).toEqual([]);
  });
});
