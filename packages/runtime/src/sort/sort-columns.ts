/** Records and what is compared of each: two columns of equal length. Where the keys of pairs are compared, a record is its value. */
export interface SortColumns {
  readonly keys: ArrayLike<unknown>;
  readonly records: ArrayLike<unknown>;
}
