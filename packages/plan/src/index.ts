export * from "./functions.ts";
export * from "./job-plan.ts";
export * from "./receiver-plan.ts";
export * from "./template.ts";
