import { epochMs } from "@millrace/base";
import type { Lineage } from "@millrace/plan";
import { actionTooEarly, sliceForgotten } from "../errors.ts";
import { checkCount } from "../refusal/check-all.ts";
import { sliceBetweenBatches } from "../warnings.ts";
import type { GraphStream } from "./graph-stream.ts";

/** The RDDs of a stream in the batches of [from, to]: see `DStream.slice`. */
export async function sliceOf({ context, node: stream }: GraphStream, from: number, to: number): Promise<Lineage[]> {
  checkCount(from, "the beginning of slice", 0, Number.MAX_SAFE_INTEGER);
  checkCount(to, "the end of slice", from, Number.MAX_SAFE_INTEGER);
  const { history } = context;
  if (history === undefined) {
    throw actionTooEarly(
      "slice was called while the graph is built, before there are batches. Call it inside transform or foreachRDD.",
    );
  }
  const floor = (time: number): number => time - mod(time - history.zeroTime, stream.slideMs);
  if (floor(from) !== from || floor(to) !== to) {
    context.warnOnce(
      sliceBetweenBatches(
        `slice of ${stream.label}`,
        `slice of ${stream.label} was asked for [${from}, ${to}], which is between batches: [${floor(from)}, ${floor(to)}] is used.`,
      ),
    );
  }
  const lineages: Lineage[] = [];
  for (let time = floor(from); time <= floor(to); time += stream.slideMs) {
    if (time <= history.zeroTime) continue; // there is nothing before the first batch
    const at = epochMs(time); // a multiple of the slide after the zero time
    const scope = history.scopeAt(at);
    if (scope === undefined) {
      if (history.isSkipped(at)) continue;
      throw sliceForgotten(
        `slice of ${stream.label} was asked for batch ${time}, which has been released or has not begun. ` +
          'Call ssc.remember("5m") in build to keep batches for longer, and ask for none that is still to come.',
      );
    }
    lineages.push(await scope.lineageOf(stream));
  }
  return lineages;
}

const mod = (n: number, m: number): number => ((n % m) + m) % m;
