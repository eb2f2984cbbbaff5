import { deepEqual, equal } from "node:assert/strict";
import { inspect } from "node:util";
import type { Sink, SinkBatch, SinkStart } from "@millrace/api";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import type { ContractCase } from "../files/contract-case.ts";

/** A sink under test, with a place of its own to write to, for one case. */
export interface SinkPlace<T, Prepared, Options> {
  /** The sink, as each start of a job makes it anew. All of them write to the same place. */
  sink(): Sink<T, Prepared, Options>;
  /** A record; another one for each number. */
  record(n: number): T;
  /**
   * What the driver does when it is known which attempt of each partition counts, and before it logs that the batch is
   * prepared. Leave it out where that is nothing, as for a sink of `saveExternal`: what is logged is what writers returned.
   *
   * @param prepared By the attempts that count, by partition. Other attempts may still be under way.
   * @returns What is logged in its place, and given to `commit` and `abort`.
   */
  complete?(batch: SinkBatch, prepared: readonly Prepared[]): Promise<readonly Prepared[]>;
  /** All records that a reader of the place sees. */
  visible(): Promise<readonly T[]>;
  /** Names of what is there and not visible, such as staged files. Leave it out where that cannot be known. */
  hidden?(): Promise<readonly string[]>;
  /** Called when the case is over, however it ended. */
  close?(): Promise<void>;
}

type Check = <T, P, O>(world: World<T, P, O>) => Promise<void>;

/**
 * The contract of every sink that is written to exactly once, case by case, for a test runner of your choice:
 * `for (const { title, run } of sinkContract(open)) test(title, run)`. Each case calls a sink as the engine does, in an
 * order that retries, kills and late answers bring about.
 *
 * @param open Gives the sink with an empty place, for one case alone.
 */
export function sinkContract<T, Prepared, Options>(
  open: () => Promise<SinkPlace<T, Prepared, Options>>,
): readonly ContractCase[] {
  return Object.entries(cases).map(([title, check]) => ({
    title,
    run: async () => {
      const place = await open();
      try {
        await check(new World(place));
      } finally {
        await place.close?.();
      }
    },
  }));
}

/** The place, and the starts of a job that write to it. */
class World<T, P, O> {
  readonly #place: SinkPlace<T, P, O>;
  #epoch = 0;

  constructor(place: SinkPlace<T, P, O>) {
    this.#place = place;
  }

  /** A start of the job. It recovers what the one before has left, unless that is left out. */
  async start(left: { readonly committed?: number; readonly pending?: Pending<P> } = {}): Promise<Start<T, P, O>> {
    this.#epoch += 1;
    const start = new Start(this.#place, this.#epoch);
    await start.recover(left);
    return start;
  }

  /** Holds that readers see these records, each once. */
  async sees(...numbers: readonly number[]): Promise<void> {
    const wanted = numbers.map((n) => this.#place.record(n));
    deepEqual(sorted(await this.#place.visible()), sorted(wanted), "what is visible");
  }

  /** Holds that nothing else is left there. */
  async isTidy(): Promise<void> {
    deepEqual((await this.#place.hidden?.()) ?? [], [], "what is there and not visible");
  }
}

interface Pending<P> {
  readonly time: number;
  readonly prepared: readonly P[] | undefined;
}

const sorted = (records: readonly unknown[]): readonly string[] => records.map((record) => inspect(record)).sort();

/** One start of the job: its owner's epoch, and its driver's instance of the sink. */
class Start<T, P, O> {
  readonly #place: SinkPlace<T, P, O>;
  readonly #sink: Sink<T, P, O>;
  readonly #epoch: number;

  constructor(place: SinkPlace<T, P, O>, epoch: number) {
    this.#place = place;
    this.#epoch = epoch;
    this.#sink = place.sink();
  }

  async recover({
    committed,
    pending,
  }: {
    readonly committed?: number;
    readonly pending?: Pending<P>;
  } = {}): Promise<void> {
    const start: SinkStart<P> = {
      id: "contract/out",
      output: "out",
      epoch: this.#epoch,
      committed,
      pending: pending && { batch: this.#batch(pending.time), prepared: pending.prepared },
    };
    await this.#sink.recover?.(start);
  }

  /** An attempt at a partition that prepares its records. */
  async attempt(time: number, partition: number, attempt: number, ...numbers: readonly number[]): Promise<P> {
    const prepare = await this.begin(time, partition, attempt);
    return prepare(...numbers);
  }

  /** An attempt that fails after its records. */
  async failedAttempt(time: number, partition: number, attempt: number, ...numbers: readonly number[]): Promise<void> {
    const writer = await this.#writer(time, partition, attempt);
    await writer.write(numbers.map((n) => this.#place.record(n)));
    await writer.abort?.();
  }

  /** An attempt that is not awaited any more. It may be refused, as long as nobody sees what it writes. */
  async lateAttempt(time: number, partition: number, attempt: number, ...numbers: readonly number[]): Promise<void> {
    await this.attempt(time, partition, attempt, ...numbers).catch(() => undefined);
  }

  /** Begins an attempt. Of an executor: another instance of the sink. @returns Writes the records, and prepares them. */
  async begin(
    time: number,
    partition: number,
    attempt: number,
  ): Promise<(...numbers: readonly number[]) => Promise<P>> {
    const writer = await this.#writer(time, partition, attempt);
    return async (...numbers) => {
      // The engine passes no empty groups.
      for (const n of numbers) await writer.write([this.#place.record(n)]);
      return travelled(await writer.prepare());
    };
  }

  /** The attempts of a batch that count are known: it is prepared. */
  async complete(time: number, ...attempts: readonly P[]): Promise<readonly P[]> {
    const { complete } = this.#place;
    return complete === undefined ? attempts : travelled(await complete(this.#batch(time), attempts));
  }

  async commit(time: number, prepared: readonly P[]): Promise<void> {
    await this.#sink.commit?.(this.#batch(time), prepared);
  }

  async completeAndCommit(time: number, ...attempts: readonly P[]): Promise<void> {
    await this.commit(time, await this.complete(time, ...attempts));
  }

  async abort(time: number, prepared: readonly P[] = []): Promise<void> {
    await this.#sink.abort?.(this.#batch(time), prepared);
  }

  #writer(time: number, partition: number, attempt: number) {
    const { open, options } = this.#place.sink();
    return open({ ...this.#batch(time), partition, attempt }, options);
  }

  #batch(time: number): SinkBatch {
    return { id: `contract/out/${time}`, time, output: "out", epoch: this.#epoch };
  }
}

/** It travels, and is logged: anything but plain data is lost on the way. */
function travelled<P>(prepared: P): P {
  return decodeValue(encodeValue(prepared, emptyClassTable), emptyClassTable) as P;
}

const cases: Readonly<Record<string, Check>> = {
  "what is prepared is not visible before its batch is committed, and all of it is then": async (world) => {
    const job = await world.start();
    const [first, second] = [await job.attempt(1_000, 0, 0, 1, 2), await job.attempt(1_000, 1, 0, 3)];
    await world.sees();
    await job.completeAndCommit(1_000, first, second);
    await world.sees(1, 2, 3);
    await world.isTidy();
  },
  "batches are committed one after the other, each with what it has prepared": async (world) => {
    const job = await world.start();
    await job.completeAndCommit(1_000, await job.attempt(1_000, 0, 0, 1));
    await world.sees(1);
    const next = await job.attempt(2_000, 0, 0, 2);
    await world.sees(1);
    await job.completeAndCommit(2_000, next);
    await world.sees(1, 2);
    await world.isTidy();
  },
  "a batch without records, and one without partitions, can be committed": async (world) => {
    const job = await world.start();
    await job.completeAndCommit(1_000, await job.attempt(1_000, 0, 0), await job.attempt(1_000, 1, 0));
    await job.completeAndCommit(2_000);
    await world.sees();
    await world.isTidy();
  },
  "a commit whose answer was lost is repeated, and nothing is visible twice": async (world) => {
    const job = await world.start();
    const prepared = await job.complete(1_000, await job.attempt(1_000, 0, 0, 1, 2));
    await job.commit(1_000, prepared);
    await job.commit(1_000, prepared);
    await world.sees(1, 2);
    await world.isTidy();
  },
  "an attempt that failed leaves nothing, and the next one counts": async (world) => {
    const job = await world.start();
    await job.failedAttempt(1_000, 0, 0, 1);
    await job.completeAndCommit(1_000, await job.attempt(1_000, 0, 1, 1));
    await world.sees(1);
    await world.isTidy();
  },
  "of two attempts at a partition the one that counts is visible, and the other is discarded": async (world) => {
    const job = await world.start();
    const early = await job.attempt(1_000, 0, 0, 1);
    await job.attempt(1_000, 0, 1, 1);
    await job.completeAndCommit(1_000, early); // not necessarily the last one
    await world.sees(1);
    await world.isTidy();
  },
  "an attempt that comes between the choice of those that count and the commit does not count": async (world) => {
    const job = await world.start();
    const prepared = await job.complete(1_000, await job.attempt(1_000, 0, 1, 1));
    await job.lateAttempt(1_000, 0, 0, 7);
    await world.sees();
    await job.commit(1_000, prepared);
    await world.sees(1);
    await world.isTidy();
  },
  "an attempt of a lost task that comes late stays hidden, and goes with a later batch": async (world) => {
    const job = await world.start();
    await job.completeAndCommit(1_000, await job.attempt(1_000, 0, 1, 1));
    await job.lateAttempt(1_000, 0, 0, 1);
    await world.sees(1);
    await job.completeAndCommit(2_000, await job.attempt(2_000, 0, 0, 2));
    await world.sees(1, 2);
    await world.isTidy();
  },
  "a batch that is aborted leaves nothing, also of attempts that are not mentioned": async (world) => {
    const job = await world.start();
    const counts = await job.attempt(1_000, 0, 1, 1);
    await job.attempt(1_000, 0, 0, 1);
    await job.abort(1_000, await job.complete(1_000, counts));
    await world.sees();
    await world.isTidy();
  },
  "an abort of a batch of which nothing is known, or a second one, does no harm": async (world) => {
    const job = await world.start();
    await job.abort(1_000);
    const prepared = await job.complete(2_000, await job.attempt(2_000, 0, 0, 1));
    await job.abort(2_000, prepared);
    await job.abort(2_000, prepared);
    await job.completeAndCommit(3_000, await job.attempt(3_000, 0, 0, 2));
    await world.sees(2);
  },
  "a batch that was aborted may run again, with the same attempts": async (world) => {
    const job = await world.start();
    await job.abort(1_000, await job.complete(1_000, await job.attempt(1_000, 0, 0, 1)));
    await job.completeAndCommit(1_000, await job.attempt(1_000, 0, 0, 1));
    await world.sees(1);
    await world.isTidy();
  },
  "killed between prepare and commit, the next start commits what was prepared": async (world) => {
    const first = await world.start();
    const attempts = [await first.attempt(1_000, 0, 0, 1), await first.attempt(1_000, 1, 0, 2)];
    const prepared = await first.complete(1_000, ...attempts);
    const second = await world.start({ pending: { time: 1_000, prepared } });
    await world.sees();
    await second.commit(1_000, prepared);
    await world.sees(1, 2);
    await world.isTidy();
  },
  "killed after a commit of which the log does not know, the next start commits again, and nothing is visible twice":
    async (world) => {
      const first = await world.start();
      const prepared = await first.complete(1_000, await first.attempt(1_000, 0, 0, 1));
      await first.commit(1_000, prepared);
      const second = await world.start({ pending: { time: 1_000, prepared } });
      await second.commit(1_000, prepared);
      await second.completeAndCommit(2_000, await second.attempt(2_000, 0, 0, 2));
      await world.sees(1, 2);
      await world.isTidy();
    },
  "killed before all was prepared, the batch runs again under the same id, and what was left does not count": async (
    world,
  ) => {
    const first = await world.start();
    await first.attempt(1_000, 0, 0, 1);
    const second = await world.start({ pending: { time: 1_000, prepared: undefined } });
    await second.completeAndCommit(1_000, await second.attempt(1_000, 0, 0, 1), await second.attempt(1_000, 1, 0, 2));
    await world.sees(1, 2);
    await world.isTidy();
  },
  "what an earlier start left of a batch that is gone is discarded": async (world) => {
    const first = await world.start();
    await first.completeAndCommit(1_000, await first.attempt(1_000, 0, 0, 1));
    await first.lateAttempt(1_000, 0, 1, 1);
    await world.start({ committed: 1_000 });
    await world.sees(1);
    await world.isTidy();
  },
  "an attempt of an earlier start that was only cut off comes late, and does not count": async (world) => {
    const first = await world.start();
    const prepare = await first.begin(1_000, 0, 0);
    const second = await world.start({ pending: { time: 1_000, prepared: undefined } });
    const counts = await second.attempt(1_000, 0, 0, 1);
    await prepare(7).catch(() => undefined); // it may be refused
    await second.completeAndCommit(1_000, counts);
    await world.sees(1);
    await first.lateAttempt(1_000, 0, 1, 8);
    await second.completeAndCommit(2_000, await second.attempt(2_000, 0, 0, 2));
    await world.sees(1, 2);
    await world.isTidy();
  },
  "what is prepared is plain data": async (world) => {
    const job = await world.start();
    const prepared = await job.complete(1_000, await job.attempt(1_000, 0, 0, 1));
    equal(sorted([structuredClone(prepared)])[0], sorted([prepared])[0]);
  },
};
