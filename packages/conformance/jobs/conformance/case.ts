import type { DStream, RDD, StreamingContext } from "millrace";
import { show } from "./show.ts";

/**
 * How records are compared: "in order within each key" leaves open how the pairs of different keys lie to each other.
 * What else is left open by an operation, such as the order of values in a group, its case sorts.
 */
export type Order = "exactly" | "in any order" | "in order within each key";

/** What a stream gives in a batch in which it has none: a window between two slides. Nothing is called then. */
export const NO_BATCH = undefined;

type Expected = readonly (readonly unknown[] | typeof NO_BATCH)[];

/** What each batch gives to whoever runs the case. */
export type Report = (time: number, records: readonly unknown[]) => void;

/** One statement on an operation: batches that go in, and the records of each batch that come out. */
export interface Case {
  /** The ID of docs/operations.md where it has one, and what is stated. Unique. */
  readonly name: string;
  readonly order: Order;
  readonly expected: Expected;
  /** @param directory Empty, and for this case's files alone. */
  readonly declare: (ssc: StreamingContext, report: Report, directory: string) => void;
}

interface Statement {
  readonly id: string;
  readonly title: string;
  /** "in any order" when it is left out. */
  readonly order?: Order;
  /** From the first batch on. Batches after the last one are not looked at. */
  readonly expected: Expected;
}

interface Inputs<A> {
  /** The stream has nothing after the last one: then its RDDs have no partitions. */
  readonly batches: readonly (readonly A[])[];
  /** Partitions of each batch; the default parallelism when it is left out. */
  readonly partitions?: number;
}

/** An operation on one stream. */
export function operation<A>(
  given: Statement & Inputs<A> & { readonly build: (stream: DStream<A>, ssc: StreamingContext) => DStream<unknown> },
): Case {
  return stated(given, (ssc, report) => collected(given.build(input(ssc, given), ssc), report));
}

/** An operation on two streams. */
export function operationOnTwo<A, B>(
  given: Statement &
    Inputs<A> & {
      readonly others: readonly (readonly B[])[];
      readonly otherPartitions?: number;
      readonly build: (stream: DStream<A>, other: DStream<B>, ssc: StreamingContext) => DStream<unknown>;
    },
): Case {
  const other: Inputs<B> = {
    batches: given.others,
    ...(given.otherPartitions === undefined ? {} : { partitions: given.otherPartitions }),
  };
  return stated(given, (ssc, report) => collected(given.build(input(ssc, given), input(ssc, other), ssc), report));
}

/** What a function of the driver finds out about each batch's RDD. */
export function action<A>(
  given: Statement &
    Inputs<A> & { readonly act: (rdd: RDD<A>, ssc: StreamingContext, time: number) => Promise<readonly unknown[]> },
): Case {
  return stated(given, (ssc, report) => {
    let batches = 0;
    input(ssc, given).foreachRDD(async (rdd, time) => {
      batches += 1;
      if (batches <= given.expected.length) report(time, await given.act(rdd, ssc, time).catch(failure));
    });
  });
}

/** What no stream and no action of one shows. */
export function observation(given: Statement & Pick<Case, "declare">): Case {
  return stated(given, given.declare);
}

/** Reports what a function of the driver finds out in the first batch, and leaves later ones alone. */
export function inFirstBatch(ssc: StreamingContext, report: Report, act: () => Promise<readonly unknown[]>): void {
  let begun = false;
  ssc.queueStream([[1]]).foreachRDD(async (_, time) => {
    if (!begun) {
      begun = true;
      report(time, await act().catch(failure));
    }
  });
}

/** A pair: two-element arrays that a formatter leaves on one line. */
export function kv<K, V>(key: K, value: V): [K, V] {
  return [key, value];
}

/** For groups, whose values come in no particular order. */
export function inOrder<V>(values: Iterable<V>): V[] {
  return [...values].sort((a, b) => (show(a) < show(b) ? -1 : 1));
}

/** "refused" if a promise is rejected with a message that matches; else what became of it instead. */
export async function refused(promise: Promise<unknown>, message: RegExp): Promise<string> {
  return promise.then(
    (value) => `no error, but ${show(value)}`,
    (error: unknown) => {
      const said = error instanceof Error ? error.message : String(error);
      return message.test(said) ? "refused" : said;
    },
  );
}

function input<A>(ssc: StreamingContext, { batches, partitions }: Inputs<A>): DStream<A> {
  return ssc.queueStream<A>(
    batches.map((batch) => (partitions === undefined ? batch : ssc.parallelize<A>(batch, partitions))),
  );
}

function collected(stream: DStream<unknown>, report: Report): void {
  stream.foreachRDD(async (rdd, time) => report(time, await rdd.collect().catch(failure)));
}

/** Fails this case, and lets the others of its job go on. */
const failure = (error: unknown): readonly unknown[] => [`failed: ${error}`];

function stated(given: Statement, declare: Case["declare"]): Case {
  const { id, title, order = "in any order", expected } = given;
  return { name: `${id} ${title}`, order, expected, declare };
}
