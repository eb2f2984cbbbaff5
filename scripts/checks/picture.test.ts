import { expect, test } from "vitest";
import { checkPicture, drawPackages, withPicture } from "./picture.mjs";

const workspace = (packages: Readonly<Record<string, readonly string[]>>) => ({
  root: { name: "root" },
  packages: Object.entries(packages).map(([name, uses]) => ({
    folder: `packages/${name}`,
    manifest: { name: `@m/${name}`, dependencies: Object.fromEntries(uses.map((other) => [other, "1"])) },
    references: [],
    sources: [],
  })),
});

const document = "# A\n\n<!-- drawn by npm run check -- --draw -->\nold\n<!-- end of the drawing -->\n\nB\n";

test("packages are drawn from the ground up, with arrows to what nothing between them uses", () => {
  const picture = drawPackages(workspace({ top: ["@m/mid", "@m/base", "esbuild"], mid: ["@m/base"], base: [] }));
  expect(picture.split("\n")).toEqual([
    "```mermaid",
    "flowchart BT",
    "  base",
    "  mid",
    "  top",
    "  mid --> base",
    "  top --> mid",
    "```",
  ]);
});

test("packages in a circle are no picture", () => {
  expect(() => drawPackages(workspace({ a: ["@m/b"], b: ["@m/a"] }))).toThrow("a circle: a, b");
});

test("a document has to show the picture of today", () => {
  expect(checkPicture(document, "new")).toHaveLength(1);
  expect(checkPicture(withPicture(document, "new"), "new")).toEqual([]);
  expect(withPicture(document, "new")).toContain("-->\nnew\n<!--");
});

test("a document without a place for it is refused", () => {
  expect(() => withPicture("# A\n", "new")).toThrow("no place for the picture");
});
