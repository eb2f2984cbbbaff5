/** The kind of a table's accumulators. */
export type TableShape =
  | { readonly kind: "combine" }
  /** A list of values. */
  | { readonly kind: "group" }
  /** A list of values for each feed. */
  | { readonly kind: "cogroup"; readonly feeds: number };
