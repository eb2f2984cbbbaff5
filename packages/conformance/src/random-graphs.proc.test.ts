import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectAgreements, expectAgreementsUnderFaults } from "./graph-agreement.fixture.ts";
import { definedPart, runByOracle, runOnMaster, together } from "./graph-run.fixture.ts";
import { runsOr, seedOr } from "./graph-seed.fixture.ts";
import { anyRun } from "./random-graph.fixture.ts";

const timeout = 300_000;
/** Not that of the fast ring, which would find the same graphs. */
const seed = seedOr(2);

describe(`random graphs, seed ${seed}`, () => {
  test("give what the oracle gives", { timeout }, () => expectAgreements({ runs: runsOr(75), seed }));

  test("and under faults", { timeout }, () => expectAgreementsUnderFaults({ runs: runsOr(25), seed }));

  test.each(["local[1]", "local[4]", "local-cluster[2,2]"])("and side by side on %s", { timeout }, async (master) => {
    const graphs = fc.sample(anyRun, { numRuns: 12, seed }).map(({ graph }) => graph);
    const run = { graph: together(graphs), batches: 5, parallelism: 3 };
    const [expected, actual] = [await runByOracle(run), await runOnMaster(run, master)];
    expect(definedPart(run.graph, actual)).toEqual(definedPart(run.graph, expected));
  });
});
