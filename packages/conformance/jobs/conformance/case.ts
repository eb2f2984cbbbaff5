import type { DStream, RDD, StreamingContext } from "millrace";
import { show } from "./show.ts";

/**
 * How records are compared: "in order within each key" ignores the order between pairs of different keys. Anything else
 * that an operation leaves undefined, such as the order of values in a group, is sorted by its case.
 */
export type Order = "exactly" | "in any order" | "in order within each key";

/** The result of a stream in a batch in which it has no RDD: a window between two slides. Nothing is called then. */
export const NO_BATCH = undefined;

type Expected = readonly (readonly unknown[] | typeof NO_BATCH)[];

/** The results of each batch, for the runner of the case. */
export type Report = (time: number, records: readonly unknown[]) => void;

/** One statement about an operation: input batches, and the records of each output batch. */
export interface Case {
  /** The ID in docs/operations.md, if there is one, and the title. Unique. */
  readonly name: string;
  readonly order: Order;
  readonly expected: Expected;
  /** @param directory Empty, and for this case's files alone. */
  readonly declare: (ssc: StreamingContext, report: Report, directory: string) => void;
}

interface Statement {
  readonly id: string;
  readonly title: string;
  /** Default: "in any order". */
  readonly order?: Order;
  /** From the first batch on. Later batches are ignored. */
  readonly expected: Expected;
}

interface Inputs<A> {
  /** After the last one, the stream is empty: its RDDs have no partitions. */
  readonly batches: readonly (readonly A[])[];
  /** Partitions of each batch. Default: the default parallelism. */
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

/** The results of a driver function for each batch's RDD. */
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

/** Facts that no stream, and no action on one, shows. */
export function observation(given: Statement & Pick<Case, "declare">): Case {
  return stated(given, given.declare);
}

/** Reports the results of a driver function in the first batch, and ignores later ones. */
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

/** "refused" if a promise is rejected with a matching message; else what happened instead. */
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
