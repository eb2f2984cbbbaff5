import type { JobConf } from "@millrace/base";

/** The store in which this run of the tests keeps state: tests of state run once for each. */
export const testedStore: JobConf["state.store"] = process.env.MILLRACE_TEST_STATE_STORE === "lmdb" ? "lmdb" : "memory";
