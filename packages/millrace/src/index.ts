/** What a job imports: `import { defineJob } from "millrace"`. */
export * from "@millrace/api";
