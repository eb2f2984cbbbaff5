import { type EngineError, thrownMessage } from "@millrace/base";
import { type BlockWriter, shown } from "@millrace/codec";
import { type AnyFunction, notPair } from "@millrace/operators";
import { badPartition, notIterable, promiseNotAwaited, recordNotText } from "../errors.ts";
import type { TaskControl } from "../job/task-control.ts";
import type { TextFile } from "../sink/text-file.ts";
import type { AggregateTable } from "../table/aggregate-table.ts";
import { KeyIndex } from "../table/key-index.ts";
import { blame } from "./blame.ts";

/** Elements of an iterable that is not an array are taken in arrays of this length. */
const PIECE = 256;

export interface Numbering {
  next: number;
  readonly step: number;
}

/**
 * The state of one run of a segment. One class for all templates, so that the generated code that reads it stays
 * monomorphic; each terminal uses the few fields it needs.
 */
export class SegmentState {
  /** The template's functions, by slot. */
  readonly f: readonly AnyFunction[];
  readonly control: TaskControl;
  readonly labels: readonly string[];
  /** For each `number` among the operators, by position: the next record's number, and the increment. */
  readonly numberings: ReadonlyMap<number, Numbering>;
  /** Records that reached the terminal. */
  count = 0;
  /** For a segment that ends in a buffer: its output, of which the first `filled` are valid; the array is reused. */
  readonly out: unknown[] = [];
  filled = 0;
  /** In place of the buffer: an array that the segment passed on unchanged. */
  whole: readonly unknown[] | undefined;
  writer: BlockWriter | undefined;
  writers: readonly BlockWriter[] = [];
  next = 0;
  left = 0;
  acc: unknown = undefined;
  has = false;
  index: KeyIndex;
  accs: unknown[];
  readonly table: AggregateTable | undefined;
  text: TextFile | undefined;
  /** For `foreach`: the promise to await, and where to continue. */
  pending: PromiseLike<unknown> | undefined;
  resumeAt = 0;
  /** Records that have been reported to the table. */
  #counted = 0;
  /** The rest of the iterable from which the last piece was taken. */
  rest: Iterator<unknown> | undefined;
  /** The open iterators, from the outermost loop to the innermost. */
  readonly #iterators: Iterator<unknown>[] = [];

  constructor(options: {
    readonly functions: readonly AnyFunction[];
    readonly control: TaskControl;
    readonly labels: readonly string[];
    readonly numberings: ReadonlyMap<number, Numbering>;
    readonly table?: AggregateTable | undefined;
  }) {
    this.f = options.functions;
    this.control = options.control;
    this.labels = options.labels;
    this.numberings = options.numberings;
    this.table = options.table;
    this.index = options.table?.index ?? new KeyIndex();
    this.accs = options.table?.accs ?? [];
  }

  /**
   * Called about every thousand records.
   *
   * @param pending Records that reached the terminal and are not in `count` yet.
   */
  pause(pending = 0): void {
    this.control.check();
    if (this.table === undefined) return;
    this.table.values += this.count + pending - this.#counted;
    this.#counted = this.count + pending;
    try {
      this.table.relieve();
    } catch (error) {
      // A record that cannot be written to disk came from the last operator.
      throw blame(error, this.labels.at(-1) ?? "an operator");
    }
  }

  fail(error: unknown, op: number): never {
    this.closeIterators();
    throw blame(error, this.labels[op] ?? "an operator");
  }

  notPair(record: unknown): never {
    notPair(record);
  }

  /** The result of a filter that is not `true`. */
  truthy(value: unknown): boolean {
    return isKept(value);
  }

  badPartition(partition: unknown, partitions: number, key: unknown): never {
    throw partitionOutOfRange(partition, partitions, key);
  }

  /** The first elements of an iterable; `rest` yields the others. */
  firstPiece(value: unknown): unknown[] {
    const iterator = iteratorOf(value);
    const piece = this.#piece(iterator);
    if (this.rest !== undefined) this.#iterators.push(iterator);
    return piece;
  }

  /** The next elements of the innermost open iterator; none at the end. */
  nextPiece(iterator: Iterator<unknown>): unknown[] {
    this.control.check();
    const piece = this.#piece(iterator);
    if (this.rest === undefined) this.#iterators.pop();
    return piece;
  }

  #piece(iterator: Iterator<unknown>): unknown[] {
    const piece: unknown[] = [];
    this.rest = iterator;
    while (piece.length < PIECE) {
      const step = iterator.next();
      if (step.done === true) {
        this.rest = undefined;
        break;
      }
      piece.push(step.value);
    }
    return piece;
  }

  /** Lets the generators of user code run their `finally` blocks when the rest is not needed. */
  closeIterators(): void {
    for (const iterator of this.#iterators.splice(0).reverse()) {
      try {
        iterator.return?.();
      } catch {
        // The task has its result, or a better error.
      }
    }
  }

  writeText(record: unknown): void {
    this.text?.writeLine(lineOf(record));
  }

  suspend(promise: PromiseLike<unknown>, resumeAt: number, count: number): void {
    this.pending = promise;
    this.resumeAt = resumeAt;
    this.count += count;
  }
}

/** The result of a filter. A promise would keep every record, whatever it resolves to. @throws PROMISE_NOT_AWAITED */
export function isKept(value: unknown): boolean {
  if (value instanceof Promise) {
    throw promiseNotAwaited(
      "it returned a promise, but must decide synchronously whether a record stays. Await in the function of mapPartitions, which may be async.",
    );
  }
  return Boolean(value);
}

/** A record as a line of text: a string as it is, anything else as JSON. @throws RECORD_NOT_TEXT */
export function lineOf(record: unknown): string {
  if (typeof record === "string") return record;
  try {
    const json = JSON.stringify(record) ?? "null";
    refuseEmptied(record);
    return json;
  } catch (error) {
    const why = thrownMessage(error);
    throw recordNotText(
      `${shown(record)} cannot be written as JSON: ${why}. The batch fails. Map records to strings first.`,
      { cause: error },
    );
  }
}

/** JSON would write these as `{}`, or as numbered bytes: their content would be lost. */
function refuseEmptied(value: unknown): void {
  if (typeof value !== "object" || value === null || "toJSON" in value) return;
  if (Array.isArray(value)) return value.forEach(refuseEmptied);
  const type: unknown = value.constructor;
  if (EMPTIED.has(type) || ArrayBuffer.isView(value) || value instanceof Error) {
    throw new TypeError(`a ${typeof type === "function" ? type.name : "value"} has no JSON`);
  }
  for (const name in value) refuseEmptied(Reflect.get(value, name));
}

const EMPTIED: ReadonlySet<unknown> = new Set([Map, Set, RegExp, ArrayBuffer, Promise]);

export function partitionOutOfRange(partition: unknown, partitions: number, key: unknown): EngineError {
  return badPartition(
    `the partitioner returned ${shown(partition)} for the key ${shown(key)}. It must return a whole number from 0 to ${partitions - 1}.`,
  );
}

/** @throws NOT_ITERABLE */
export function iteratorOf(value: unknown): Iterator<unknown> {
  const make: unknown =
    value === undefined || value === null ? undefined : (value as { [Symbol.iterator]?: unknown })[Symbol.iterator]; // any other value has properties
  if (typeof make === "function") return make.call(value) as Iterator<unknown>; // the protocol; what breaks it throws at `next`
  const remedy =
    value instanceof Promise
      ? "Only the functions of mapPartitions, foreachPartition and foreach may be async."
      : "Return an array or another iterable.";
  throw notIterable(`it returned ${shown(value)}, which cannot be iterated. ${remedy}`);
}
