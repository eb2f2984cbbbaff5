import { expect, test } from "vitest";
import { IgnoredFiles, WarningBudget } from "./file-warnings.ts";
import type { Ignored } from "./new-files.ts";

const left = (why: Ignored, ...paths: readonly string[]) => new Map([[why, paths]]);

test("a file that is left alone has its name, the reason and the remedy", () => {
  const [due] = new IgnoredFiles(60_000).add(left("old", "/in/a"), 0);
  expect(due?.text).toMatch(
    /^the file \/in\/a is ignored: the last change was before the job started.*newFilesOnly: false/,
  );
});

test("thousands are one warning, by reason", () => {
  const files = new IgnoredFiles(60_000);
  const many = Array.from({ length: 5000 }, (_, i) => `/in/${i}`);
  const due = files.add(new Map([...left("aged", ...many), ...left("unnameable", "/in/x")]), 0);
  expect(due).toHaveLength(2);
  expect(due[0]?.text).toMatch(/^5000 files \(\/in\/0, \/in\/1, \/in\/2, \/in\/3, \/in\/4 and 4995 more\) are ignored/);
});

test("a continuing flood causes five warnings, and then one for all that followed", () => {
  const files = new IgnoredFiles(60_000);
  let given = 0;
  for (let ms = 0; ms < 60_000; ms += 1000) given += files.add(left("old", `/in/${ms}`, `/in/${ms}b`), ms).length;
  expect(given).toBe(5);
  expect(files.add(new Map(), 60_000)).toMatchObject([{ why: "old", text: expect.stringMatching(/^110 files \(/) }]);
  expect(files.add(new Map(), 61_000)).toEqual([]);
});

test("a budget counts the warnings that it suppresses", () => {
  const budget = new WarningBudget(2, 1000);
  expect([0, 1, 2, 999, 1000, 1001, 1500].map((ms) => budget.take(ms))).toEqual([
    0,
    0,
    undefined,
    undefined,
    2,
    0,
    undefined,
  ]);
});
