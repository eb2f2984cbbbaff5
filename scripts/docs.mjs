// npm run docs: web pages of the reference and the guide, below docs/reference.
import { bootstrapOrExit } from "./bootstrap.mjs";

await bootstrapOrExit({ build: false });
await import("./reference/build.mjs"); // needs installed packages
