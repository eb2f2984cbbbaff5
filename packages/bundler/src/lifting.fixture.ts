import { describe, expect, onTestFinished, test } from "vitest";
import { type Callable, openLab } from "./job.fixture.ts";

/** A function that a job hands to an operator, what it is called with, and what it returns. */
export interface LiftedCase {
  readonly name: string;
  /** Body of a driver function that returns the function to ship. */
  readonly body: string;
  /** Module-level code before the job. */
  readonly module?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly unknown[];
  readonly expected: unknown;
}

/** Each function returns the same where it was written and on an executor. */
export function sameOnAnExecutor(subject: string, cases: readonly LiftedCase[]): void {
  describe(`a function is the same on an executor: ${subject}`, () => {
    test.each(cases)("$name", async (one) => {
      const lab = await openLab({ "job.ts": jobText(one), ...one.files });
      onTestFinished(() => lab.close());
      const { build } = lab.job as { build: Callable };
      const original = (await build()) as Callable;
      const shipped = lab.ship(original) as Callable;
      if (lab.driver.tags.has(original)) expect(shipped).not.toBe(original); // it comes from the executors' build
      for (const fn of [original, shipped]) {
        const result = await settle(fn(...(one.args ?? [])));
        if (typeof one.expected === "string" && one.expected.startsWith("call ")) {
          const [, arg, expected] = one.expected.split(" ").map(Number);
          expect((result as Callable)(arg)).toBe(expected);
          continue;
        }
        if (one.expected === "live") {
          expect(result).toBe(2); // each process has a counter of its own
          continue;
        }
        expect(result).toEqual(one.expected);
      }
    });
  });
}

function jobText({ module = "", body }: LiftedCase): string {
  return `import { defineJob } from "millrace";\n${module}\nexport default defineJob({ name: "case", batchInterval: "1s" }, async () => {\n${body}\n});\n`;
}

async function settle(value: unknown): Promise<unknown> {
  const settled = await value;
  if (typeof settled !== "object" || settled === null) return settled;
  if (!Array.isArray(settled) && (Symbol.iterator in settled || Symbol.asyncIterator in settled)) {
    const items: unknown[] = [];
    for await (const item of settled as AsyncIterable<unknown>) items.push(item);
    return items;
  }
  return settled;
}
