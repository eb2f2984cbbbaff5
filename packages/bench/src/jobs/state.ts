// Batches with keyed state, back to back.
import { defineJob } from "millrace";
import { keyedState } from "./keyed-state.ts";

export default defineJob({ name: "bench-state", batchInterval: "1ms" }, (ssc, args) => keyedState(ssc, args, 1000));
