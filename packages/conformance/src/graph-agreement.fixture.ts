import fc from "fast-check";
import { expect } from "vitest";
import { definedPart, type GraphRun, runByOracle, runInThread } from "./graph-run.fixture.ts";
import { anyRun } from "./random-graph.fixture.ts";
import { SeededFaults } from "./seeded-faults.fixture.ts";

/** The engine, in this thread, agrees with the oracle. */
export async function expectAgreement(run: GraphRun, faults?: SeededFaults): Promise<void> {
  const [expected, actual] = [await runByOracle(run), await runInThread(run, faults)];
  expect(definedPart(run.graph, actual)).toEqual(definedPart(run.graph, expected));
}

/** Random graphs do so. A failure is shrunk: keep it in `graph-regressions.test.ts` under a name of its own. */
export async function expectAgreements(options: { readonly runs: number; readonly seed: number }): Promise<void> {
  const property = fc.asyncProperty(anyRun, (run) => expectAgreement(run));
  await fc.assert(property, { numRuns: options.runs, seed: options.seed });
}

/** Every record is in the same partition, at the same place, when tasks fail, executors go, and each attempt has other memory. */
export async function expectSamePlaces(options: { readonly runs: number; readonly seed: number }): Promise<void> {
  let fired = 0;
  const property = fc.asyncProperty(anyRun, fc.nat(), async (run, seed) => {
    const faults = new SeededFaults(seed);
    const [calm, troubled] = [await runInThread({ ...run, spills: false }), await runInThread(run, faults)];
    expect(troubled).toEqual(calm);
    fired += faults.fired;
  });
  await fc.assert(property, { numRuns: options.runs, seed: options.seed });
  expect(fired).toBeGreaterThan(options.runs);
}

/** And so they do when tasks fail and executors go. */
export async function expectAgreementsUnderFaults(options: {
  readonly runs: number;
  readonly seed: number;
}): Promise<void> {
  let fired = 0;
  const property = fc.asyncProperty(anyRun, fc.nat(), async (run, seed) => {
    const faults = new SeededFaults(seed);
    await expectAgreement(run, faults);
    fired += faults.fired;
  });
  await fc.assert(property, { numRuns: options.runs, seed: options.seed });
  expect(fired).toBeGreaterThan(options.runs); // where nothing goes wrong all agree, too
}
