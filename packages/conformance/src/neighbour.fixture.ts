import type { TestCluster, TestJob } from "./test-cluster.fixture.ts";

/** A healthy job beside whatever a test does to its cluster. */
export class Neighbour {
  readonly #job: TestJob;
  readonly #executors: number;

  /** Resolves once its first batch has run on all executors of the cluster. */
  static async in(cluster: TestCluster): Promise<Neighbour> {
    const job = await cluster.submit("ticks");
    await job.log.says(/^tick 1 3$/);
    return new Neighbour(job, cluster.executors.length);
  }

  private constructor(job: TestJob, executors: number) {
    this.#job = job;
    this.#executors = executors;
  }

  /** Asserts that it continues undisturbed; throws any difference. */
  async expectUnharmed(): Promise<void> {
    const { log } = this.#job;
    await log.says(/^tick \d+ 3$/, log.mark);
    const { state, batchesFailed, executors, warnings } = await this.#job.status();
    const noticed = [
      ...(state === "running" ? [] : [`it is ${state}`]),
      ...(batchesFailed === 0 ? [] : [`${batchesFailed} of its batches failed`]),
      ...(executors === this.#executors ? [] : [`it has ${executors} executors of ${this.#executors}`]),
      ...warnings.map(({ message }) => message),
    ];
    if (noticed.length > 0) throw new Error(`the neighbour was harmed: ${noticed.join("; ")}`);
  }
}
