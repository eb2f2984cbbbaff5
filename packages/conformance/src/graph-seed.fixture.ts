import { randomInt } from "node:crypto";

/** The same in every run; `GRAPH_SEED=random` looks further, and what it finds is repeated with its number. */
const { GRAPH_SEED = "1", GRAPH_RUNS } = process.env;

export const seed = GRAPH_SEED === "random" ? randomInt(2 ** 31) : Number(GRAPH_SEED);

/** How many graphs: `usual`, or `GRAPH_RUNS=5000` to be thorough. */
export const runsOr = (usual: number): number => Number(GRAPH_RUNS ?? usual);
