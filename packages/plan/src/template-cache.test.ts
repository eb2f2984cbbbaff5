import { expect, test } from "vitest";
import { fnSlot, type Pipeline } from "./template.ts";
import { TEMPLATES_MAX, TemplateCache } from "./template-cache.ts";

const collect = { kind: "collect" } as const;
const pipelineOf = (label: string): Pipeline => ({
  source: { kind: "blocks", input: 0 },
  ops: [{ kind: "map", fn: fnSlot(0), label }],
});

test("thousands of other templates evict each other, and not the one that every batch uses", () => {
  const cache = new TemplateCache();
  const steady = cache.intern(pipelineOf("steady"), collect, []);
  const first = cache.intern(pipelineOf("0"), collect, []);
  for (let batch = 1; batch <= 2 * TEMPLATES_MAX; batch++) {
    cache.intern(pipelineOf(String(batch)), collect, []);
    expect(cache.intern(pipelineOf("steady"), collect, [])).toBe(steady);
    expect(cache.size).toBeLessThanOrEqual(TEMPLATES_MAX);
  }
  const again = cache.intern(pipelineOf("0"), collect, []);
  expect(again).not.toBe(first); // it was evicted
  expect(again).toEqual(first); // by content
});
