import { thrownMessage, warningOf } from "@millrace/base";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { runAuthorCode } from "../job/author-code.ts";

/** Callbacks of a source on the driver for the job's life. */
export interface InputLife {
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
}

/** Starts a source before the first batch, and stops it when no batch follows. */
export function addInputLife(graph: GraphBuilder, label: string, input: InputLife): void {
  graph.addLife({
    begin: () => runAuthorCode({ what: `start of ${label}`, outcome: "The job ends." }, () => input.start?.()),
    end: async () => {
      try {
        await runAuthorCode({ what: `stop of ${label}`, outcome: "The job ends all the same." }, () => input.stop?.());
      } catch (error) {
        graph.context.port.warn(warningOf(thrownMessage(error), { subject: `stop of ${label}` }));
      }
      return false;
    },
  });
}
