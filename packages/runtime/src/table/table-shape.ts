/** What a table accumulates for each key. */
export type TableShape =
  | { readonly kind: "combine" }
  /** A list of values. */
  | { readonly kind: "group" }
  /** For each feed a list of values. */
  | { readonly kind: "cogroup"; readonly feeds: number };
