// All operators, by name. A file below `entries/` exports operators and nothing else.
export * from "./entries/folds.ts";
export * from "./entries/orders.ts";
export * from "./entries/partitions.ts";
export * from "./entries/records.ts";
export * from "./entries/samples.ts";
export * from "./entries/sources.ts";
