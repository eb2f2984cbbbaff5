import type { DStream } from "../src/index.ts";

declare const lines: DStream<string>;

// The compiler must refuse these; `types.proc.test.ts` counts on the lines.
lines.reduceByKey((a) => a);
lines.map((w) => [w, 1]).reduceByKey((a, b) => `${a}${b}`);
lines.map((w) => [w, 1]).join(lines);
lines.mapWithState((key) => key);
