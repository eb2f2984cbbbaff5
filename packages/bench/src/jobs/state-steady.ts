// Batches with keyed state, ten a second.
import { defineJob } from "millrace";
import { keyedState } from "./keyed-state.ts";

export default defineJob({ name: "bench-state-steady", batchInterval: "100ms" }, (ssc, args) =>
  keyedState(ssc, args, 10),
);
