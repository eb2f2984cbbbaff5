import { expect, test } from "vitest";
import { checkErrors, checkSettings } from "./documents.mjs";
import { parseSource } from "./workspace.mjs";

const workspace = (text: string) => ({
  root: { name: "root" },
  packages: [
    {
      folder: "packages/base",
      manifest: { name: "@millrace/base" },
      references: [],
      sources: [parseSource("src/a.ts", text)],
    },
  ],
});
const explained = "What causes it is known, and what to do about it stands here.";

test("an error or a warning without a section, a section without an error and an empty section are found", () => {
  const source = 'errorKind("A_B", "user"); errorKind(\n  "C", "user"); warningKind("D");';
  const document = `# Errors\n\n## A_B\n\n${explained}\n\n## D\n\n## E\n\n${explained}\n`;
  expect(checkErrors(workspace(source), document).map((one) => one.what)).toEqual([
    "C is not in docs/errors.md",
    "E is an error that nothing raises",
    "D says next to nothing",
  ]);
});

test("a setting without a row, a row without a setting and a wrong default are found", () => {
  const of = (value: number) => ({ parse: (given: unknown) => (given === undefined ? value : Number(given)) });
  const document =
    "| name | default | what |\n|---|---|---|\n| `a.b` | `1` | x |\n| `c` | `3` | y |\n| `e` | `5` | z |\n";
  expect(checkSettings({ "a.b": of(1), c: of(2), d: of(4) }, document).map((one) => one.what)).toEqual([
    "d has no row",
    "e is no setting",
    "the default of c is not 3",
  ]);
});
