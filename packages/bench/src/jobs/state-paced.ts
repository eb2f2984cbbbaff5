// Batches with keyed state, fifty a second.
import { defineJob } from "millrace";
import { keyedState } from "./keyed-state.ts";

export default defineJob({ name: "bench-state-paced", batchInterval: "20ms" }, (ssc, args) =>
  keyedState(ssc, args, 50),
);
