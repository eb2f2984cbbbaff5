/**
 * Records and their compared values: two columns of equal length. If pairs are compared by key, a record is its value.
 */
export interface SortColumns {
  readonly keys: ArrayLike<unknown>;
  readonly records: ArrayLike<unknown>;
}
