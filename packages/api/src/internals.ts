// How the classes of this package see into each other; jobs have no access to these names.
export const CONTEXT: unique symbol = Symbol("millrace.context");
export const DATASET: unique symbol = Symbol("millrace.dataset");
export const STREAM: unique symbol = Symbol("millrace.stream");
export const GRAPH: unique symbol = Symbol("millrace.graph");
export const OF: unique symbol = Symbol("millrace.of");
export const SPEC: unique symbol = Symbol("millrace.spec");
export const HOME: unique symbol = Symbol("millrace.home");
/** Asked by `console.log` of Node.js, which would show the whole engine behind a stream. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");
/** The operator that places keys on executors as a partitioner of the engine does. */
export const PLACING: unique symbol = Symbol("millrace.placing");
