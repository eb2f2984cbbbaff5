import { randomInt } from "node:crypto";

const { GRAPH_SEED, GRAPH_RUNS } = process.env;

/** `usual`, the same in every run; `GRAPH_SEED=random` explores, and a failure is reproduced with the seed it prints. */
export const seedOr = (usual: number): number =>
  GRAPH_SEED === "random" ? randomInt(2 ** 31) : Number(GRAPH_SEED ?? usual);

/** How many graphs: `usual`, or `GRAPH_RUNS=5000` to be thorough. */
export const runsOr = (usual: number): number => Number(GRAPH_RUNS ?? usual);
