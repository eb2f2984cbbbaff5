import { describe, expect, test } from "vitest";
import { Child, column, type Report, reportLine, reportsOf } from "./child.ts";
import { processInfo, processTree, treeMegabytes } from "./process-tree.ts";

const script = (text: string): readonly string[] => ["--input-type=module", "-e", text];
const print = (text: string): string => `console.log(${JSON.stringify(text)});`;

/** Starts a program and waits for its first report. */
async function started(text: string): Promise<{ readonly child: Child; readonly report: Report }> {
  let child: Child | undefined;
  const report = await new Promise<Report>((onReport) => {
    child = new Child({ args: script(text), onReport });
  });
  if (child === undefined) throw new Error("not started");
  return { child, report };
}

describe("a program under measurement", () => {
  test("gives its reports in order, and its other output by lines", async () => {
    const lines: string[] = [];
    const text = print(reportLine({ ms: 1 })) + print("hello") + print(reportLine({ ms: 2 }));
    const reports = await reportsOf({ args: script(text), onLine: (line) => lines.push(line) });
    expect(column(reports, "ms")).toEqual([1, 2]);
    expect(lines).toEqual(["hello"]);
    expect(() => column(reports, "lag")).toThrow("has no lag");
  });

  test("that fails is an error with its last words", async () => {
    const text = "console.error('the reason'); process.exitCode = 3;";
    await expect(reportsOf({ args: script(text) })).rejects.toThrow(/ended with 3:\nthe reason/);
  });

  test("can be stopped without that being an error", async () => {
    const { child } = await started(`${print(reportLine({ up: 1 }))} setInterval(() => {}, 1000);`);
    await child.stop();
    await child.done;
    expect(processInfo(child.pid)).toBeUndefined();
  });
});

test("the memory of a program is that of all processes below it", async () => {
  const grandchild = `${print("up")} setInterval(() => {}, 1000);`;
  const text = `
    import { spawn } from "node:child_process";
    const below = spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], { stdio: ["ignore", "pipe", "inherit"] });
    below.stdout.once("data", () => console.log("BENCH " + JSON.stringify({ pid: below.pid })));
    process.on("SIGTERM", () => { below.kill(); process.exit(0); });`;
  const { child, report } = await started(text);
  const tree = processTree(child.pid);
  expect(tree.map(({ pid }) => pid)).toEqual([child.pid, report.pid]);
  expect(treeMegabytes(child.pid)).toBeGreaterThan(40);
  await child.stop();
  expect(processTree(child.pid)).toEqual([]);
});
