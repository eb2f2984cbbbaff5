import { test } from "vitest";
import { expectAgreements, expectAgreementsUnderFaults, expectSamePlaces } from "./graph-agreement.fixture.ts";
import { runsOr, seedOr } from "./graph-seed.fixture.ts";

const runs = runsOr(25);
const seed = seedOr(1);
const timeout = 2_000 * runs;

test(`random graphs give what the oracle gives, seed ${seed}`, { timeout }, () => expectAgreements({ runs, seed }));

test(`and so they do when tasks fail and executors go, seed ${seed}`, { timeout }, () =>
  expectAgreementsUnderFaults({ runs, seed }),
);

test(`their records stay in their places, whatever memory, faults and reruns do, seed ${seed}`, { timeout }, () =>
  expectSamePlaces({ runs, seed }),
);
