import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { applyPlan, changeFiles, entryOf, planRelease, whyNotPublish } from "./plan.mjs";

const MANIFEST = '{\n  "name": "x",\n  "version": "0.1.0",\n  "dependencies": { "y": "0.1.0" }\n}\n';
const CHANGELOG = "# millrace\n\n## 0.1.0\n\nThe first version.\n";

/** A checkout with change files of these kinds. */
function checkout(...kinds: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "millrace-release-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, ".changeset"));
  writeFileSync(join(root, ".changeset/README.md"), "What this folder is for.\n");
  kinds.forEach((kind, index) => {
    const text = `---\n"millrace": ${kind}\n---\n\nA ${kind} change.\n`;
    writeFileSync(join(root, `.changeset/change-${index}.md`), text);
  });
  writeFileSync(join(root, "CHANGELOG.md"), CHANGELOG);
  writeFileSync(join(root, "package.json"), MANIFEST);
  return root;
}

test("a plan has the largest step that a change asks for, and an entry with all of them; nothing is touched", async () => {
  const root = checkout("patch", "minor", "patch");
  const plan = await planRelease(root, "0.1.0");
  expect(plan.next).toBe("0.2.0");
  expect(plan.changelog).toBe(
    "# millrace\n\n## 0.2.0\n\n### Minor Changes\n\n- A minor change.\n\n### Patch Changes\n\n- A patch change.\n- A patch change.\n\n" +
      "## 0.1.0\n\nThe first version.\n",
  );
  expect(entryOf(plan.changelog, "0.1.0")).toBe("The first version.");
  expect(changeFiles(root).size).toBe(3);
  expect(readFileSync(join(root, "package.json"), "utf8")).toBe(MANIFEST);
});

test("the first major step leads to 1.0.0", async () => {
  expect((await planRelease(checkout("major"), "0.4.2")).next).toBe("1.0.0");
});

test("without changes the version stays", async () => {
  expect(await planRelease(checkout(), "0.1.0")).toEqual({
    current: "0.1.0",
    next: "0.1.0",
    changes: [],
    changelog: CHANGELOG,
  });
});

test("a plan that is applied sets the version where it stands, and uses the change files up", async () => {
  const root = checkout("patch");
  writeFileSync(join(root, "page.md"), "millrace:0.1.0, millrace-0.1.0.tgz, VERSION=0.1.0, node:10.1.0");
  const plan = await planRelease(root, "0.1.0");
  applyPlan(root, plan, { manifests: ["package.json"], pages: ["page.md"] });
  expect(readFileSync(join(root, "package.json"), "utf8")).toBe(
    MANIFEST.replace('"version": "0.1.0"', '"version": "0.1.1"'),
  );
  expect(readFileSync(join(root, "page.md"), "utf8")).toBe(
    "millrace:0.1.1, millrace-0.1.1.tgz, VERSION=0.1.1, node:10.1.0",
  );
  expect(readFileSync(join(root, "CHANGELOG.md"), "utf8")).toBe(plan.changelog);
  expect(changeFiles(root).size).toBe(0);
  expect(existsSync(join(root, ".changeset/README.md"))).toBe(true);
});

test.each([
  [{}, { changes: [], dirty: false }, /^only CI publishes/],
  [{ CI: "true" }, { changes: [], dirty: false }, /identity of the CI job/],
  [
    { CI: "true", SIGSTORE_ID_TOKEN: "t" },
    { changes: [".changeset/a.md"], dirty: false },
    /\.changeset\/a\.md.*--prepare/,
  ],
  [{ CI: "true", SIGSTORE_ID_TOKEN: "t" }, { changes: [], dirty: true }, /in no commit/],
])("nothing is published from %o with %o", (env, tree, why) => {
  expect(whyNotPublish(env, tree)).toMatch(why);
});

test("a tree that is no clone is not published, because nobody could see what it was made of", () => {
  const env = { CI: "true", ACTIONS_ID_TOKEN_REQUEST_URL: "u" };
  expect(whyNotPublish(env, { changes: [], dirty: undefined })).toMatch(/git cannot tell which commit/);
});

test("a checkout without a folder of change files has no change waiting", async () => {
  const root = checkout();
  rmSync(join(root, ".changeset"), { recursive: true });
  expect(await planRelease(root, "0.1.0")).toMatchObject({ next: "0.1.0", changes: [] });
});

test("a folder among the change files is listed for the check, as what it is", () => {
  const root = checkout("patch");
  mkdirSync(join(root, ".changeset/x.md"));
  expect([...changeFiles(root).keys()].sort()).toEqual([".changeset/change-0.md", ".changeset/x.md/"]);
});

test("a clean commit without waiting changes is published by a CI job with an identity", () => {
  const env = { CI: "true", ACTIONS_ID_TOKEN_REQUEST_URL: "u" };
  expect(whyNotPublish(env, { changes: [], dirty: false })).toBeUndefined();
});
