export * from "./cluster.ts";
export * from "./session.ts";
