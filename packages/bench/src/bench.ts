/** The unit of a figure, and whether more or less is better. */
export interface Metric {
  readonly unit: "ms" | "s" | "MB" | "MB/min" | "M words/s" | "M records/s" | "batches";
  readonly better: "lower" | "higher";
}

/** The figures of one run, by metric. */
export type Sample = Readonly<Record<string, number>>;

/** One of the programs under comparison; each run yields one sample. */
export interface Subject {
  readonly name: string;
  run(): Promise<Sample>;
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
