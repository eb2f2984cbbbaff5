import type { EngineFactories } from "./engine-factories.ts";

/** Where keys go. */
export const placeFunctions: EngineFactories = {
  /** A partitioner of the job, which may use `this`. */
  "millrace:partitioner": (partitioner: { getPartition(key: unknown): number }) => (key: unknown) =>
    partitioner.getPartition(key),
};
