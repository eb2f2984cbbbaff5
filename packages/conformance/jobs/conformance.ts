// Statements on operations as data, each run over its batches: `-- DIRECTORY TOPIC...` chooses which, and where files go.
import { defineJob } from "millrace";
import { batches } from "./conformance/batches.ts";
import type { Case } from "./conformance/case.ts";
import { compositions } from "./conformance/compositions.ts";
import { joins } from "./conformance/joins.ts";
import { keys } from "./conformance/keys.ts";
import { mappedState } from "./conformance/mapped-state.ts";
import { outputs } from "./conformance/outputs.ts";
import { pairs } from "./conformance/pairs.ts";
import { pipes } from "./conformance/pipes.ts";
import { placedPairs } from "./conformance/placed-pairs.ts";
import { rddActions } from "./conformance/rdd-actions.ts";
import { rddFiles } from "./conformance/rdd-files.ts";
import { rddOrder } from "./conformance/rdd-order.ts";
import { rddPairs } from "./conformance/rdd-pairs.ts";
import { rddSets } from "./conformance/rdd-sets.ts";
import { rdds } from "./conformance/rdds.ts";
import { records } from "./conformance/records.ts";
import { reducedWindows } from "./conformance/reduced-windows.ts";
import { declareCases } from "./conformance/report.ts";
import { shared } from "./conformance/shared.ts";
import { sources } from "./conformance/sources.ts";
import { state } from "./conformance/state.ts";
import { staticData } from "./conformance/static-data.ts";
import { windows } from "./conformance/windows.ts";

const TOPICS: Readonly<Record<string, readonly Case[]>> = {
  records,
  batches,
  pairs,
  joins,
  windows,
  "reduced-windows": reducedWindows,
  state,
  "mapped-state": mappedState,
  keys,
  rdds,
  "rdd-actions": rddActions,
  "rdd-pairs": rddPairs,
  "placed-pairs": placedPairs,
  "rdd-sets": rddSets,
  "rdd-order": rddOrder,
  "rdd-files": rddFiles,
  pipes,
  shared,
  outputs,
  sources,
  compositions,
  "static-data": staticData,
};

// Tasks that are to fail are tried again at once: how long a job pauses is not stated here.
const conf = { "task.retry.delay.min": 0 };

export default defineJob({ name: "conformance", batchInterval: "100ms", conf }, (ssc, [directory = ".", ...topics]) => {
  const cases = topics.flatMap((topic) => {
    const found = TOPICS[topic];
    if (found === undefined) throw new Error(`there is no topic ${topic}`);
    return found;
  });
  declareCases(ssc, cases, directory);
});
