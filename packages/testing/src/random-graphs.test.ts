import { test } from "vitest";
import { expectAgreements, expectAgreementsUnderFaults } from "./graph-agreement.test-property.ts";

/** `GRAPH_RUNS=5000 GRAPH_SEED=7` makes it thorough. */
const runs = Number(process.env.GRAPH_RUNS ?? 25);
const seed = Number(process.env.GRAPH_SEED ?? 1);
const timeout = 2_000 * runs;

test(`random graphs give what the oracle gives, seed ${seed}`, { timeout }, () => expectAgreements({ runs, seed }));

test(`and so they do when tasks fail and executors go, seed ${seed}`, { timeout }, () =>
  expectAgreementsUnderFaults({ runs, seed }),
);
