/** The cluster on which `run` executes a job. */
export type Master =
  /** One process, `slots` worker threads. */
  | { readonly kind: "local"; readonly slots: number }
  /** A driver and executor processes of `slots` threads each, communicating like a real cluster. */
  | { readonly kind: "local-cluster"; readonly executors: number; readonly slots: number };
