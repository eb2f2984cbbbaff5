import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

test("the compiler agrees with types.test.ts, and refuses wrong jobs where they are wrong", () => {
  const args = ["node_modules/typescript/bin/tsc", "-p", "packages/api/testdata/tsconfig.json", "--pretty", "false"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const errors = stdout.split("\n").filter((line) => line.includes("error TS"));
  expect(errors.map((line) => line.replace(/^.*\/|: .*$/g, "").replace(/,\d+\)/, ")"))).toEqual([
    "wrong-types.ts(6)",
    "wrong-types.ts(7)",
    "wrong-types.ts(8)",
    "wrong-types.ts(9)",
  ]);
});
