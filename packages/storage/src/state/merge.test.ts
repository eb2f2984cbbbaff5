import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { deltaFileName, mergedFileName } from "./file-names.ts";
import { inOrder, keys, removeLabs, StateLab, totals } from "./state-lab.fixture.ts";

afterAll(removeLabs);

/** Ten batches that add, change and forget keys. */
async function batches(): Promise<StateLab> {
  const lab = new StateLab();
  await lab.batch(keys(500, 0));
  for (let i = 1; i < 10; i++) await lab.batch({ [`k${i}`]: undefined, [`k${i - 1}`]: i, [`new ${i}`]: i, k100: i });
  return lab;
}

const expected = (lab: StateLab, at = -1) => inOrder(lab.committed.at(at)?.content ?? new Map());

describe("deltas that are merged", () => {
  test("lead to the same state, at the versions that have them and at those in between", async () => {
    const lab = await batches();
    const merged = await lab.merge(4, 2);
    expect(merged).toMatchObject({ version: lab.committed[7]?.version, count: 4, level: 1 });
    expect(merged?.older).toEqual([6, 5, 4].map((at) => lab.committed[at]?.version));
    expect(merged?.base).toEqual({ kind: "version", version: lab.committed[3]?.version });
    for (const at of [3, 4, 5, 6, 7, 8, 9])
      expect(await lab.readMerged(lab.committed[at]?.version)).toEqual(expected(lab, at));
    expect(lab.damaged).toEqual([]);
  });

  test("have the newest change of each key, once", async () => {
    const lab = await batches();
    const before = await lab.merge(9);
    const name = mergedFileName({ version: before?.version ?? fail(), count: 9 });
    expect(lab.names).toContain(name);
    expect(before?.bytes).toBeLessThan(3_000); // 8 keys that are gone, 9 new ones and 2 that have changed
    expect(await lab.readMerged()).toEqual(expected(lab));
  });

  test("may be merged again, with others", async () => {
    const lab = await batches();
    await lab.merge(3, 4);
    await lab.merge(2, 2);
    const merged = await lab.merge(5);
    expect(merged).toMatchObject({ count: 8, level: 2 });
    const { links, chain } = await lab.files.open(
      totals,
      lab.head ?? fail(),
      { take: () => undefined },
      { merged: quiet },
    );
    expect(links.map((link) => link.merged?.count)).toEqual([8, undefined, undefined]);
    expect(chain).toEqual(lab.committed.map(({ version }) => version).reverse());
    expect(await lab.readMerged()).toEqual(expected(lab));
  });

  test("go with slices of versions within them", async () => {
    const lab = await batches();
    await lab.slice(4, { first: 0, last: 2000 });
    await lab.slice(6, { first: 2001, last: 4095 });
    await lab.merge(8);
    rmSync(join(lab.folder, deltaFileName(lab.committed[0]?.version ?? fail())));
    expect(await lab.readMerged()).toEqual(expected(lab));
  });

  test("are not those of versions that were not committed", async () => {
    const lab = await batches();
    await lab.batch({ k100: 666 }, { fails: true });
    await lab.batch({ k101: 1 }, { attempt: 3 });
    await lab.merge(5);
    await lab.batch({ k102: 1 });
    expect(await lab.readMerged()).toEqual(expected(lab));
  });

  test.each(["merged", "part"])("are done without where a %s file is damaged, or missing", async (kind) => {
    const lab = await batches();
    await lab.merge(5, 1);
    const name = lab.names.find((one) => one.endsWith(kind)) ?? "";
    lab.damage(name);
    expect(await lab.readMerged()).toEqual(expected(lab));
    expect(new Set(lab.damaged)).toEqual(new Set([name]));
    rmSync(join(lab.folder, name));
    expect(await lab.readMerged()).toEqual(expected(lab));
  });

  test("do not stand for a delta that is gone", async () => {
    const lab = await batches();
    const merged = await lab.merge(5, 1);
    rmSync(join(lab.folder, deltaFileName(merged?.older[1] ?? fail())));
    const name = lab.names.find((one) => one.endsWith("part")) ?? "";
    expect(await lab.readMerged()).toEqual(expected(lab));
    lab.damage(name);
    await expect(lab.readMerged()).rejects.toThrow(/STATE_DELTA_CORRUPT.*\.part is damaged/);
  });
});

const quiet = { onDamage: () => undefined };

function fail(): never {
  throw new Error("the test expects more versions");
}
