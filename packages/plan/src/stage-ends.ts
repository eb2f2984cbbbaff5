import { unreachable } from "@millrace/base";
import type { Layout } from "./layout.ts";
import type { Combine, ShuffledNode } from "./lineage.ts";
import type { ActionSink } from "./plan-request.ts";
import type { StageDraft } from "./stage-draft.ts";
import type { Aggregate, ShufflePartitioner, StageSink } from "./template.ts";

/** @param inPlace The pairs were not combined on the map side. */
export function aggregateOf(node: ShuffledNode, inPlace: boolean, draft: StageDraft): Aggregate {
  const { use } = node;
  if (use.kind === "none") return use;
  if (use.kind === "group") return { kind: "group", label: node.label };
  return { kind: "combine", mapSide: use.mapSide && !inPlace, ...combineSlots(use, draft), label: node.label };
}

function combineSlots(combine: Combine, draft: StageDraft) {
  return {
    create: combine.create && draft.slot(combine.create),
    mergeValue: draft.slot(combine.mergeValue),
    mergeCombiners: draft.slot(combine.mergeCombiners),
  };
}

export function shuffleSink(
  placement: ReturnType<Layout["placement"]>,
  combine: Combine | undefined,
  draft: StageDraft,
): StageSink {
  const partitioner: ShufflePartitioner =
    placement.kind === "custom"
      ? { kind: "custom", partitions: placement.partitions, fn: draft.slot(placement.fn) }
      : { kind: placement.kind, partitions: placement.partitions };
  return { kind: "shuffle", partitioner, ...(combine === undefined ? {} : { combine: combineSlots(combine, draft) }) };
}

export function actionSink(sink: ActionSink, draft: StageDraft): StageSink {
  switch (sink.kind) {
    case "collect":
      return { kind: sink.limit === undefined ? "collect" : "take" };
    case "count":
      return { kind: "count" };
    case "reduce":
    case "foreach":
    case "foreachPartition":
      draft.label(sink.label);
      return { kind: sink.kind, fn: draft.slot(sink.fn), label: sink.label };
    case "external":
      draft.label(sink.label);
      return { kind: sink.kind, open: draft.slot(sink.open), label: sink.label };
    case "saveText":
    case "saveObjects":
      return { kind: sink.kind };
    default:
      return unreachable(sink);
  }
}
