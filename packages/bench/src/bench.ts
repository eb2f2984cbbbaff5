import type { Spread } from "./statistics.ts";

/** The unit of a figure, and whether more or less is better. */
export interface Metric {
  readonly unit:
    | "ms"
    | "s"
    | "MB"
    | "MB/s"
    | "MB/min"
    | "M words/s"
    | "M records/s"
    | "keys/s"
    | "bytes"
    | "×"
    | "batches";
  readonly better: "lower" | "higher";
}

/** The figures of one run, by metric. */
export type Sample = Readonly<Record<string, number>>;

/** One of the programs under comparison; each run yields one sample. */
export interface Subject {
  readonly name: string;
  run(): Promise<Sample>;
}

/** Result of one subject. */
export interface SubjectResult {
  readonly name: string;
  /** By metric, over all rounds. Empty if it failed. */
  readonly metrics: Readonly<Record<string, Spread>>;
  /** By metric: the subject's value divided by that of the reference in the same round. Empty for the reference itself. */
  readonly ratios: Readonly<Record<string, Spread>>;
  readonly error: Error | undefined;
}

/** A checkout of the engine: this one, or another to compare with. */
export interface Engine {
  /** The suffix of its subjects' names, such as `@before`; empty for this checkout. */
  readonly mark: string;
  readonly root: string;
}

export interface BenchOptions {
  readonly engines: readonly Engine[];
  /** Few batches instead of many, only to see that a bench works: its figures are not worth keeping. */
  readonly quick: boolean;
  /** The length of benches that run for a time. */
  readonly minutes: number;
  /** Reports progress to the person waiting. */
  readonly progress: (text: string) => void;
}

/** A question about speed or memory. The subjects take turns, so that disturbances of the machine affect all of them. */
export interface Bench {
  readonly name: string;
  /** One line that says what is measured. */
  readonly what: string;
  /** Default number of runs of each subject. */
  readonly rounds: number;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** The first is the reference of the ratios. */
  subjects(options: BenchOptions): readonly Subject[];
  /** What the figures should be. */
  goals?(results: readonly SubjectResult[]): readonly Goal[];
}

/** A figure that should not be larger than `max`. */
export interface Goal {
  /** `a batch costs at most 2 times the same on few keys`. */
  readonly what: string;
  /** `undefined`: it could not be measured. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly max: number;
}

/** One subject per engine, with the same name. */
export function forEngines(options: BenchOptions, make: (engine: Engine) => readonly Subject[]): readonly Subject[] {
  return options.engines.flatMap((engine) =>
    make(engine).map((subject) => ({
      name: engine.mark === "" ? subject.name : `${subject.name} ${engine.mark}`,
      run: () => subject.run(),
    })),
  );
}
