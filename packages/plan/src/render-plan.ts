import { unreachable } from "@millrace/base";
import type { ActionPlan, PlannedInput, PlannedStage, PlannedTask } from "./action-plan.ts";
import type {
  Aggregate,
  Feed,
  Op,
  Pipeline,
  ShufflePartitioner,
  Source,
  StageSink,
  StageTemplate,
  StateUpdate,
} from "./template.ts";

/**
 * A plan as readable text: one paragraph per stage, parents first. Used by tests as the approved layout of a job.
 *
 *     stage 0 "socketTextStream, flatMap, reduceByKey": 2 tasks -> shuffle 0 into 4
 *       blocks #0 | flatMap job.ts#0 -> combine(first, millrace:add, millrace:add) hash 4
 *     stage 1 "reduceByKey, print" reads shuffle 0: 4 tasks
 *       shuffle #0 merge(millrace:add) -> take 11
 */
export function renderPlan(plan: ActionPlan): string {
  return plan.stages.map((stage, i) => renderStage(stage, i)).join("\n");
}

function renderStage(stage: PlannedStage, position: number): string {
  const reads = stage.reads.length === 0 ? "" : ` reads shuffle ${stage.reads.join(", ")}`;
  const writes = stage.writes ? ` -> shuffle ${stage.writes.shuffle} into ${stage.writes.partitions}` : "";
  const lines = [`stage ${position} "${stage.name}"${reads}: ${count(stage.tasks.length, "task")}${writes}`];
  stage.templates.forEach((template, i) => {
    lines.push(`  ${renderTemplate(template, stage.limit)}`);
    const tasks = stage.tasks.filter((task) => task.template === i);
    if (stage.templates.length > 1) lines.push(`    partitions ${tasks.map((task) => task.partition).join(" ")}`);
    const [first] = tasks;
    if (first !== undefined && first.inputs.length > 0) lines.push(`    inputs ${renderInputs(first)}`);
    if (first?.state) {
      const { operator, head, batch } = first.state;
      lines.push(`    state ${operator} from ${head?.batch ?? 0} to ${batch}`);
    }
    if (first?.output) lines.push(`    output ${first.output.directory}/${first.output.file}`);
    const captures = stage.captures[i];
    if (captures !== undefined && captures.length > 0) lines.push(`    captures ${captures.length} bytes`);
  });
  for (const broadcast of stage.broadcasts) lines.push(`    needs ${broadcast.id}`);
  return lines.join("\n");
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function renderInputs(task: PlannedTask): string {
  return task.inputs.map((input) => renderInput(input)).join(", ");
}

function renderInput(input: PlannedInput): string {
  switch (input.kind) {
    case "inline":
      return `${input.block.length} bytes`;
    case "external":
      return `range of ${input.range.length} bytes`;
    case "blocks":
      return input.blocks.length === 0 ? "nothing" : input.blocks.map((block) => block.id).join(" ");
    case "file":
      return `${input.path} ${input.start}..${input.end}`;
    case "shuffle":
      return `shuffle ${input.shuffle}/${input.partition}`;
    case "mapOutput":
      return `persisted ${input.shuffle}/${input.map}`;
    case "partition":
      return `partition ${input.partition}`;
    default:
      return unreachable(input);
  }
}

function renderTemplate(template: StageTemplate, limit: number | undefined): string {
  const name = (slot: number): string => template.functions[slot] ?? `?${slot}`;
  return `${renderPipeline(template.pipeline, name)} -> ${renderSink(template.sink, name, limit)}`;
}

type Namer = (slot: number) => string;

function renderPipeline(pipeline: Pipeline, name: Namer): string {
  return [renderSource(pipeline.source, name), ...pipeline.ops.map((op) => renderOp(op, name))].join(" | ");
}

function renderOp(op: Op, name: Namer): string {
  switch (op.kind) {
    case "glom":
    case "keys":
    case "values":
      return op.kind;
    case "sort": {
      const key = op.key === undefined ? "" : ` by ${name(op.key)}`;
      const compare = op.compare === undefined ? "" : ` with ${name(op.compare)}`;
      return `sort${key}${compare}${op.descending ? " descending" : ""}`;
    }
    default:
      return `${op.kind} ${name(op.fn)}${op.index === undefined ? "" : ` at #${op.index}`}`;
  }
}

function renderSource(source: Source, name: Namer): string {
  switch (source.kind) {
    case "blocks":
    case "text":
    case "bytes":
      return `${source.kind} #${source.input}`;
    case "fixed":
      return `records of ${source.recordBytes} bytes #${source.input}`;
    case "external":
      return `${name(source.read)} #${source.input}`;
    case "shuffle":
      return `shuffle ${renderFeed(source.feed, name)}${renderAggregate(source.aggregate, name)}`;
    case "cogroup":
      return `cogroup(${source.feeds.map((feed) => renderFeed(feed, name)).join(", ")})`;
    case "join":
      return `${source.how} join(${source.feeds.map((feed) => renderFeed(feed, name)).join(", ")})`;
    case "concat":
      return `concat(${source.feeds.map((feed) => renderPipeline(feed, name)).join(", ")})`;
    case "cartesian":
      return `cartesian(${renderPipeline(source.left, name)}, ${renderPipeline(source.right, name)})`;
    case "zip": {
      const fn = source.fn === undefined ? "" : ` ${name(source.fn)}`;
      return `zip(${source.feeds.map((feed) => renderPipeline(feed, name)).join(", ")})${fn}`;
    }
    case "state":
      return renderState(source.update, name);
    default:
      return unreachable(source);
  }
}

function renderState(update: StateUpdate, name: Namer): string {
  switch (update.kind) {
    case "updateByKey":
    case "updatePartition":
    case "mapWithState": {
      const initial = update.initial === undefined ? "" : `, initial ${renderFeed(update.initial, name)}`;
      const state = `state(${renderFeed(update.feed, name)}${initial})`;
      if (update.kind === "updateByKey")
        return `${state} ${name(update.fn)} for ${update.onlyUpdated ? "updated keys" : "every key"}`;
      if (update.kind === "updatePartition") return `${state} ${name(update.fn)} for the partition`;
      return `${state} ${name(update.fn)} for each pair${update.timeoutMs > 0 ? `, timeout ${update.timeoutMs}` : ""}`;
    }
    case "window": {
      const filter = update.filter === undefined ? "" : ` where ${name(update.filter)}`;
      const { entering, leaving } = update;
      return `window(+ ${renderFeed(entering, name)} ${name(update.reduce)}, - ${renderFeed(leaving, name)} ${name(update.inverse)})${filter}`;
    }
    case "snapshot":
      return "state as it is";
    default:
      return unreachable(update);
  }
}

function renderFeed(feed: Feed, name: Namer): string {
  return feed.kind === "shuffle" ? `#${feed.input}` : renderPipeline(feed.pipeline, name);
}

function renderAggregate(aggregate: Aggregate, name: Namer): string {
  if (aggregate.kind === "none") return "";
  if (aggregate.kind === "group") return " group";
  if (aggregate.mapSide) return ` merge(${name(aggregate.mergeCombiners)})`;
  return ` ${renderCombine(aggregate, name)}`;
}

function renderCombine(
  combine: { readonly create: number | undefined; readonly mergeValue: number; readonly mergeCombiners: number },
  name: Namer,
): string {
  const create = combine.create === undefined ? "first" : name(combine.create);
  return `combine(${create}, ${name(combine.mergeValue)}, ${name(combine.mergeCombiners)})`;
}

function renderSink(sink: StageSink, name: Namer, limit: number | undefined): string {
  switch (sink.kind) {
    case "shuffle":
      return `${sink.combine ? `${renderCombine(sink.combine, name)} ` : ""}${renderPartitioner(sink.partitioner, name)}`;
    case "take":
      return `take ${limit}`;
    case "reduce":
    case "foreach":
    case "foreachPartition":
      return `${sink.kind} ${name(sink.fn)}`;
    case "external":
      return `write ${name(sink.open)}`;
    case "collect":
    case "count":
    case "saveText":
    case "saveObjects":
      return sink.kind;
    default:
      return unreachable(sink);
  }
}

function renderPartitioner(partitioner: ShufflePartitioner, name: Namer): string {
  const fn = partitioner.kind === "custom" ? ` ${name(partitioner.fn)}` : "";
  return `${partitioner.kind} ${partitioner.partitions}${fn}`;
}
