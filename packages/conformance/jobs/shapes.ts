// Every batch counts once in the same way, and in hundreds of ways that no other batch has; the first of these are repeated at
// the end. Prints figures of the loops that the slot compiled: `names 2502, again 1, alive 2048, steady 1`.
import { queryObjects } from "node:v8";
import { defineJob } from "millrace";

const SHAPES = 500;
const BATCHES = 5;

/** Loops that this thread compiled, by name. The engine names each loop in the first line of its source. */
const compiled = new Map<string, WeakRef<object>[]>();
let steadyName = "";

/** The engine creates its loops with `new Function`, which returns a factory. */
globalThis.Function = new Proxy(Function, {
  construct(target, args, newTarget): object {
    const make: unknown = Reflect.construct(target, args, newTarget);
    const name = /^\/\/ (millrace .*)/m.exec(String(args.at(-1)))?.[1];
    if (typeof make !== "function" || name === undefined) return Object(make);
    return (...parts: unknown[]) => {
      const loop: object = Reflect.apply(make, undefined, parts);
      compiled.set(name, [...(compiled.get(name) ?? []), new WeakRef(loop)]);
      return loop;
    };
  },
});

/** Runs in the loop that every batch has, which is the latest when it has just been compiled. */
function inSteadyLoop(n: number): number {
  if (steadyName === "") steadyName = [...compiled.keys()].at(-1) ?? "";
  return n;
}

function report(): string {
  queryObjects(Function); // collects what nothing holds
  const all = [...compiled.values()];
  const again = all.filter((loops) => loops.length > 1).length;
  const alive = all.flat().filter((loop) => loop.deref() !== undefined).length;
  return `names ${all.length}, again ${again}, alive ${alive}, steady ${compiled.get(steadyName)?.length}`;
}

const same = (n: number): number => n;
const always = (): boolean => true;

export default defineJob({ name: "shapes", batchInterval: "100ms" }, (ssc) => {
  const numbers = ssc.queueStream(Array.from({ length: BATCHES }, (_, batch) => [batch]));
  numbers.foreachRDD(async (rdd, time) => {
    const [batch] = await rdd.map(inSteadyLoop).collect();
    if (batch === undefined) return;
    const shape = async (bits: number): Promise<void> => {
      let shaped = rdd;
      for (let rest = bits; rest > 1; rest >>= 1) shaped = rest & 1 ? shaped.map(same) : shaped.filter(always);
      const count = await shaped.count();
      if (count !== 1) throw new Error(`${count} records of 1 at ${time}`);
    };
    for (let i = 0; i < SHAPES; i++) await shape(2 + batch * SHAPES + i);
    if (batch < BATCHES - 1) return;
    await shape(2);
    const [text] = await rdd.map(report).collect();
    console.log(text);
    void ssc.stop({ graceful: true });
  });
});
