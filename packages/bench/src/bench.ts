/** What a number is and which way is good. */
export interface Metric {
  readonly unit: "ms" | "s" | "MB" | "MB/min" | "M words/s" | "M records/s" | "batches";
  readonly better: "lower" | "higher";
}

/** One run's numbers by metric. */
export type Sample = Readonly<Record<string, number>>;

/** One of the programs that are compared: run once, it gives one sample. */
export interface Subject {
  readonly name: string;
  run(): Promise<Sample>;
}

/** A checkout of the engine: this one, or another to compare with. */
export interface Engine {
  /** Empty for this checkout; else how its subjects are marked: `@before`. */
  readonly mark: string;
  readonly root: string;
}

export interface BenchOptions {
  readonly engines: readonly Engine[];
  /** A few batches where there would be many: to see that a bench works. Its numbers are not worth keeping. */
  readonly quick: boolean;
  /** Tells the person who waits what is going on. */
  readonly progress: (text: string) => void;
}

/** A question about speed or memory. The subjects run by turns, so that what disturbs the machine disturbs all of them. */
export interface Bench {
  readonly name: string;
  /** What is measured, in a line. */
  readonly what: string;
  /** How often each subject runs when nothing else is asked for. */
  readonly rounds: number;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** The first is the reference of the ratios. */
  subjects(options: BenchOptions): readonly Subject[];
}

/** A subject for each engine, named alike. */
export function forEngines(options: BenchOptions, make: (engine: Engine) => readonly Subject[]): readonly Subject[] {
  return options.engines.flatMap((engine) =>
    make(engine).map((subject) => ({
      name: engine.mark === "" ? subject.name : `${subject.name} ${engine.mark}`,
      run: () => subject.run(),
    })),
  );
}
