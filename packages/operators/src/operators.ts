// All operators, by name. Files in `entries/` export operators only.
export * from "./entries/folds.ts";
export * from "./entries/orders.ts";
export * from "./entries/partitions.ts";
export * from "./entries/records.ts";
export * from "./entries/samples.ts";
export * from "./entries/sources.ts";
