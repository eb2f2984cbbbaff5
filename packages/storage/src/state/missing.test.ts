import { rmSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "@millrace/base";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { GroupRange } from "./file-names.ts";
import { ALL, inOrder, removeLabs, StateLab } from "./state-lab.fixture.ts";

afterAll(removeLabs);

const HALVES: readonly GroupRange[] = [
  { first: 0, last: 2047 },
  { first: 2048, last: 4095 },
];

describe("a slice that is missing", () => {
  /** Batches with slices of both halves of the keys after each, until the first files are swept. */
  async function swept(): Promise<StateLab> {
    const lab = new StateLab();
    for (let i = 0; i < 6; i++) {
      await lab.batch({ a: i, b: i, c: i, d: i, [`k${i}`]: i });
      for (const range of HALVES) await lab.slice(-1, range);
    }
    await lab.sweep(await lab.batch({ a: 6 }));
    expect(lab.names.filter((name) => name.endsWith("delta"))).toHaveLength(3); // 5 and 6 have slices twice
    return lab;
  }

  const expected = (lab: StateLab) => inOrder(lab.committed.at(-1)?.content ?? new Map());

  test("changes nothing while the one before it and the deltas since are there", async () => {
    const lab = await swept();
    for (const name of lab.names.filter((one) => /^600.*slice$/.test(one))) rmSync(join(lab.folder, name));
    expect(await lab.read()).toEqual(expected(lab));
    expect(await lab.readMerged()).toEqual(expected(lab));
  });

  test("ends the read where the deltas before it have been removed, with the key groups that are missing", async () => {
    const lab = await swept();
    for (const name of lab.names.filter((one) => one.endsWith("2048-4095.slice"))) rmSync(join(lab.folder, name));
    for (const read of [() => lab.read(), () => lab.readMerged()]) {
      await expect(read()).rejects.toThrow(
        /STATE_DELTA_MISSING.*400-0-1\.delta is missing, and version 500-0-1 builds on it, for no slice has the key groups 2048 to 4095/,
      );
    }
  });

  const step = fc.oneof(
    fc.record({
      kind: fc.constant("batch" as const),
      changes: fc.dictionary(fc.constantFrom(..."abcdefgh"), fc.option(fc.nat(9), { nil: undefined }), { maxKeys: 4 }),
    }),
    fc.record({ kind: fc.constant("slice" as const), part: fc.constantFrom(ALL, ...HALVES) }),
    fc.record({ kind: fc.constant("merge" as const), many: fc.integer({ min: 1, max: 4 }) }),
    fc.constant({ kind: "sweep" as const }),
  );

  test("never gives another answer, whichever files are missing", async () => {
    let refused = 0;
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 8, maxLength: 20 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        async (steps, missing) => {
          const lab = new StateLab();
          await lab.batch({ a: 1 });
          for (const one of steps) {
            if (one.kind === "batch") await lab.batch(one.changes);
            else if (one.kind === "slice") await lab.slice(-1, one.part);
            else if (one.kind === "merge") await lab.merge(one.many);
            else if (lab.head !== undefined) await lab.sweep(lab.head);
          }
          for (const n of missing) {
            const { names } = lab;
            const name = names[n % names.length];
            if (name !== undefined) rmSync(join(lab.folder, name));
          }
          for (const read of [() => lab.read(), () => lab.readMerged()]) {
            try {
              expect(await read()).toEqual(expected(lab));
              answered += 1;
            } catch (error) {
              if (!(error instanceof EngineError)) throw error;
              expect(error.code).toBe("STATE_DELTA_MISSING");
              refused += 1;
            }
          }
        },
      ),
      { numRuns: 12 },
    );
    expect(refused).toBeGreaterThan(0);
    expect(answered).toBeGreaterThan(0);
  });
});
