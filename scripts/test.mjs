// npm test: the first two rings, pure parts and real processes on this machine. Arguments go to vitest.
import { bootstrapOrExit } from "./bootstrap.mjs";
import { finish } from "./tally.mjs";
import { runVitest } from "./vitest.mjs";

await bootstrapOrExit();
finish(runVitest(process.argv.slice(2)));
