// Symbols with which the classes of this package access each other's internals. Jobs do not have them.
export const CONTEXT: unique symbol = Symbol("millrace.context");
export const DATASET: unique symbol = Symbol("millrace.dataset");
export const STREAM: unique symbol = Symbol("millrace.stream");
export const GRAPH: unique symbol = Symbol("millrace.graph");
export const OF: unique symbol = Symbol("millrace.of");
export const SPEC: unique symbol = Symbol("millrace.spec");
export const HOME: unique symbol = Symbol("millrace.home");
/** Called by Node's `console.log`, which would otherwise show the whole engine behind a stream. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");
/** The operator that partitions keys on executors like a partitioner of the engine. */
export const PLACING: unique symbol = Symbol("millrace.placing");
