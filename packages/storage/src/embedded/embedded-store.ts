/** An entry of a table. Both are copies. */
export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A part of a table, in the order of keys. */
export interface TableRange {
  /** Inclusive. */
  readonly start: Uint8Array;
  /** Exclusive; by default, the end of the table. */
  readonly end?: Uint8Array;
  /** Entries, at most. */
  readonly limit: number;
}

/** Entries in the order of their keys, byte by byte. Keys have 1 to 1,024 bytes. */
export interface EmbeddedTable {
  /** A copy of the value. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** The value as a float64, as {@link orderedBytes} writes it. */
  getNumber(key: Uint8Array): number | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** Ends early when values have about `RANGE_BYTES`. */
  range(range: TableRange): readonly TableEntry[];
}

/** Values of a range, in bytes, after which no more are read at once. */
export const RANGE_BYTES: number = 1024 * 1024;

/**
 * Tables in a file of this machine, for one thread. It is scratch space: nothing is synced, and it is removed when it is closed.
 *
 * A write that fails makes the whole store useless: `failure` says why, and every later call throws it.
 */
export interface EmbeddedStore {
  readonly failure: Error | undefined;
  table(name: string): EmbeddedTable;
  /**
   * Makes changes, of which none or all are kept. What `make` throws leaves those that it has made.
   *
   * @throws DISK_FULL, FILE_IO
   */
  transaction(make: () => void): void;
  /** Closes it and removes its files. */
  close(): void;
}

/** Writes a number that is not negative into 8 bytes that are in the order of numbers. */
export function orderedBytes(into: DataView, at: number, number: number): void {
  into.setFloat64(at, number);
}
