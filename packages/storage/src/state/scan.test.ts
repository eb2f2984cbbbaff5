import { rmSync } from "node:fs";
import { join } from "node:path";
import { SeededRng } from "@millrace/base";
import { afterAll, describe, expect, test } from "vitest";
import { deltaFileName } from "./file-names.ts";
import { keptVersions } from "./kept-versions.ts";
import { scanState } from "./scan.ts";
import { type Content, removeLabs, StateLab, totals } from "./state-lab.fixture.ts";

afterAll(removeLabs);

async function scan(lab: StateLab, head = lab.head): Promise<Readonly<Record<string, unknown>>> {
  const found: [string, unknown][] = [];
  const damaged: string[] = [];
  for await (const rows of scanState(lab.files, totals, head, (file) => void damaged.push(file)))
    for (const { key, cell } of rows) found.push([String(key), cell]);
  expect(new Set(found.map(([key]) => key)).size).toBe(found.length); // each key once
  return Object.fromEntries(found);
}

const modelOf = (content: Content | undefined) =>
  Object.fromEntries([...(content ?? [])].map(([key, { value }]) => [key, value]));

/** Batches that add, change and remove keys, slices of ranges now and then, and damaged ones among those. */
async function history(seed: number, { damages }: { readonly damages: boolean }): Promise<StateLab> {
  const lab = new StateLab();
  const rng = new SeededRng(seed);
  for (let batch = 0; batch < 25; batch++) {
    const changes: Record<string, number | undefined> = {};
    for (let n = rng.int(12); n >= 0; n--) changes[`k${rng.int(40)}`] = rng.int(4) === 0 ? undefined : rng.int(1_000);
    await lab.batch(changes, { fails: rng.int(6) === 0 });
    if (rng.int(3) > 0 || lab.head === undefined) continue;
    const first = rng.int(4096);
    const range = rng.int(3) === 0 ? { first: 0, last: 4095 } : { first, last: first + rng.int(4096 - first) };
    const name = await lab.slice(-1, range);
    if (damages && rng.int(2) === 0) lab.damage(name);
  }
  return lab;
}

describe("a scan of a partition", () => {
  test("has every key of a version once, whatever slices there are", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const lab = await history(seed, { damages: false });
      for (const { version, content } of lab.committed) expect(await scan(lab, version)).toEqual(modelOf(content));
    }
  });

  test("works around slices that are damaged", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const lab = await history(seed, { damages: true });
      expect(await scan(lab), `seed ${seed}`).toEqual(modelOf(lab.committed.at(-1)?.content));
    }
  });

  test("of a partition that never had a key is empty", async () => {
    expect(await scan(new StateLab())).toEqual({});
  });
});

describe("the versions that are kept", () => {
  test("are all committed ones, as long as their deltas are there", async () => {
    const lab = await history(3, { damages: false });
    const { versions, fromTheBeginning } = await keptVersions(lab.files, totals, lab.head ?? fail());
    expect(versions).toEqual(lab.committed.map(({ version }) => version).reverse());
    expect(fromTheBeginning).toBe(true);
  });

  test("begin where slices cover all key groups, once deltas are gone", async () => {
    const lab = new StateLab();
    for (let n = 0; n < 6; n++) {
      await lab.batch({ a: n, b: n });
      if (n === 1) await lab.slice(-1, { first: 0, last: 2047 });
      if (n === 2) await lab.slice(-1, { first: 2048, last: 4095 });
    }
    const [first] = lab.committed;
    rmSync(join(lab.folder, deltaFileName(first?.version ?? fail())));
    const kept = await keptVersions(lab.files, totals, lab.head ?? fail());
    expect([kept.versions.at(-1), kept.fromTheBeginning]).toEqual([lab.committed[2]?.version, false]);
    for (const version of kept.versions) {
      const { content } = lab.committed.find((one) => one.version.batch === version.batch) ?? {};
      expect(await scan(lab, version)).toEqual(modelOf(content));
    }
  });
});

function fail(): never {
  throw new Error("the lab has no version");
}
