export type { Bench, BenchOptions, Engine, Metric, Sample, Subject } from "./bench.ts";
export { pairedRuns, type SubjectResult } from "./paired-runs.ts";
export { BENCHES } from "./registry.ts";
export { cachedLines, zipfLines } from "./zipf-text.ts";
