import { randomBytes } from "node:crypto";

/** Drawn by lot: tells a checkpoint, or the run of a job without one, from all others, whatever the jobs are called. */
export const drawnId = (): string => randomBytes(6).toString("hex");
