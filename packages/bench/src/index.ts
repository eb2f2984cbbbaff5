export type { Bench, BenchOptions, Engine, Metric, Sample, Subject, SubjectResult } from "./bench.ts";
export { pairedRuns } from "./paired-runs.ts";
export { BENCHES } from "./registry.ts";
export { cachedLines, zipfLines } from "./zipf-text.ts";
