import { assert, unreachable } from "@millrace/base";
import { type Inline, operatorOf } from "@millrace/operators";
import type { Aggregate, Feed, FnSlot, JoinKind, Op, Pipeline, Source, StageSink, StageTemplate } from "@millrace/plan";
import type { TableShape } from "../table/table-shape.ts";
import { generateSegment } from "./generate.ts";
import type { FusedOp, Segment } from "./segment.ts";
import type { Entry, FoldSlots, Link, PipelineProgram, StageProgram } from "./stage-program.ts";
import { stateEntry } from "./state-entry.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Compiles a template to generated loops, which are built on their first run.
 *
 * Time: about a millisecond. The result does not refer to any batch.
 */
export function compileTemplate(template: StageTemplate): StageProgram {
  const compiler = new Compiler(template);
  const pipeline = compiler.pipeline(template.pipeline, sinkEnd(template.sink));
  return { template, pipeline, tables: compiler.tables };
}

/** The end of a pipeline whose records another one processes further. */
const WHOLE: End = { terminal: { kind: "buffer" }, label: undefined };

/** The end of the last segment of a pipeline. */
interface End {
  readonly terminal: Terminal;
  readonly link?: Link;
  readonly label: string | undefined;
}

class Compiler {
  readonly #template: StageTemplate;
  readonly #inlines: readonly (Inline | undefined)[];
  #loops = 0;
  tables = 0;

  constructor(template: StageTemplate) {
    this.#template = template;
    this.#inlines = template.functions.map((id) => operatorOf(id)?.inline);
    if (template.sink.kind === "shuffle" && template.sink.combine !== undefined) this.tables += 1;
  }

  pipeline(pipeline: Pipeline, end: End): PipelineProgram {
    const entry = this.#entry(pipeline.source);
    const segments: Segment[] = [];
    const links: Link[] = [];
    let giver = sourceLabel(pipeline.source);
    let ops = opsOfSource(pipeline.source);
    for (const op of pipeline.ops) {
      const link = linkOf(op);
      if (link === undefined) {
        ops.push(fused(op));
        continue;
      }
      if (link.kind === "sort") this.tables += 1;
      segments.push(this.#segment(ops, WHOLE, giver));
      links.push(link);
      giver = op.label;
      ops = [];
    }
    if (end.link !== undefined) {
      segments.push(this.#segment(ops, WHOLE, giver));
      links.push(end.link);
      ops = [];
    }
    segments.push(this.#segment(ops, end, giver));
    return { entry, segments, links };
  }

  /** @param giver The name of whatever supplies the first records, if it has one. */
  #segment(ops: readonly FusedOp[], end: End, giver: string | undefined): Segment {
    return generateSegment({
      name: this.#loopName(),
      ops,
      terminal: end.terminal,
      terminalLabel: end.label ?? this.#label(end.terminal, ops.at(-1)?.label ?? giver),
      inlines: this.#inlines,
    });
  }

  #loopName(): string {
    return `millrace ${this.#template.id} ${this.#loops++}`;
  }

  #entry(source: Source): Entry {
    switch (source.kind) {
      case "blocks":
      case "text":
      case "bytes":
      case "fixed":
      case "external":
        return source;
      case "shuffle":
        return this.#shuffle(source.feed, source.aggregate);
      case "cogroup":
      case "join":
        if (source.kind === "join" && source.how === "without") return this.#without(source);
        return this.#table(
          { kind: "cogroup", feeds: source.feeds.length },
          source.feeds.map((feed, i) =>
            this.#feed(feed, { kind: "cogroup", feed: i, feeds: source.feeds.length }, source.label),
          ),
          { join: source.kind === "join" ? source.how : undefined },
        );
      case "concat":
        return { kind: "concat", feeds: source.feeds.map((feed) => this.pipeline(feed, WHOLE)) };
      case "state":
        return {
          ...stateEntry(source.update, source.label, {
            feed: (feed, terminal) => this.#feed(feed, terminal, source.label),
            loopName: () => this.#loopName(),
            addTables: (count) => {
              this.tables += count;
            },
          }),
          schema: { version: 1, ...source.schema, label: source.label },
        };
      case "cartesian":
        this.tables += 1; // the right side is kept in memory while there is room
        return {
          kind: source.kind,
          left: this.pipeline(source.left, WHOLE),
          right: this.pipeline(source.right, WHOLE),
        };
      case "zip":
        return {
          kind: source.kind,
          feeds: source.feeds.map((feed) => this.pipeline(feed, WHOLE)),
          fn: source.fn,
          label: source.label,
        };
      default:
        return unreachable(source);
    }
  }

  #without({ feeds: [left, right], label = "subtractByKey" }: Extract<Source, { readonly kind: "join" }>): Entry {
    this.tables += 1;
    return {
      kind: "without",
      left: this.#feed(left, { kind: "buffer" }, label),
      right: this.#feed(right, { kind: "cogroup", feed: 1, feeds: 2 }, label),
      label,
    };
  }

  #shuffle(given: Feed, aggregate: Aggregate): Entry {
    switch (aggregate.kind) {
      case "none":
        // A single pipeline: the records are passed on unchanged.
        return given.kind === "shuffle"
          ? { kind: "blocks", input: given.input }
          : { kind: "concat", feeds: [this.pipeline(given.pipeline, WHOLE)] };
      case "group":
        return this.#table({ kind: "group" }, [this.#feed(given, { kind: "group" }, aggregate.label)], {});
      case "combine": {
        const { mapSide, create, mergeValue, mergeCombiners } = aggregate;
        const label = aggregate.label ?? this.#functionLabel(mergeCombiners);
        const fold = mapSide ? { create: undefined, merge: mergeCombiners } : { create, merge: mergeValue };
        const feed = this.#feed(given, { kind: "combine", ...fold }, label);
        return this.#table({ kind: "combine" }, [feed], { fold: { ...fold, label } });
      }
      default:
        return unreachable(aggregate);
    }
  }

  #table(
    shape: TableShape,
    feeds: readonly PipelineProgram[],
    options: { readonly fold?: FoldSlots; readonly join?: JoinKind | undefined },
  ): Entry {
    this.tables += 1;
    return { kind: "table", shape, feeds, fold: options.fold, join: options.join };
  }

  #feed(feed: Feed, terminal: Terminal, label?: string): PipelineProgram {
    const pipeline: Pipeline =
      feed.kind === "pipeline" ? feed.pipeline : { source: { kind: "blocks", input: feed.input }, ops: [] };
    return this.pipeline(pipeline, { terminal, label });
  }

  #label(terminal: Terminal, giver: string | undefined): string {
    if (terminal.kind === "combine") return this.#functionLabel(terminal.merge);
    if (terminal.kind === "reduce" || terminal.kind === "custom" || terminal.kind === "foreach") {
      return this.#functionLabel(terminal.fn);
    }
    // Failures here are caused by the result of the preceding operator: a record that cannot be encoded, a key that
    // cannot be compared.
    return giver ?? "the output of a stage";
  }

  #functionLabel(slot: FnSlot): string {
    const id = this.#template.functions[slot];
    assert(id !== undefined, `template ${this.#template.id} refers to function ${slot}, which it does not have`);
    return `function ${id}`;
  }
}

/** The operators of a source: a Cartesian product yields each record of the left with a list of those of the right. */
function opsOfSource(source: Source): FusedOp[] {
  return source.kind === "cartesian" ? [{ kind: "flatMapValues", fn: undefined, label: "cartesian" }] : [];
}

function sourceLabel(source: Source): string | undefined {
  if (source.kind === "shuffle") return source.aggregate.kind === "none" ? undefined : source.aggregate.label;
  return "label" in source ? source.label : undefined;
}

function sinkEnd(sink: StageSink): End {
  const label = "label" in sink ? sink.label : undefined;
  switch (sink.kind) {
    case "shuffle": {
      const { combine, partitioner } = sink;
      if (combine === undefined) return { terminal: partitioner, label };
      return { terminal: { kind: "combine", create: combine.create, merge: combine.mergeValue }, label };
    }
    case "collect":
    case "take":
      return { terminal: { kind: "write", limited: sink.kind === "take" }, label };
    case "count":
      return { terminal: { kind: "count" }, label };
    case "reduce":
      return { terminal: { kind: "reduce", fn: sink.fn }, label };
    case "saveText":
      return { terminal: { kind: "text" }, label };
    case "saveObjects":
      return { terminal: { kind: "write", limited: false }, label };
    case "external":
      return {
        terminal: { kind: "write", limited: false },
        link: { kind: "external", fn: sink.open, label: sink.label },
        label,
      };
    case "foreach":
      return { terminal: { kind: "foreach", fn: sink.fn }, link: { kind: "wait" }, label };
    case "foreachPartition":
      return {
        terminal: { kind: "count" },
        link: { kind: "foreachPartition", fn: sink.fn, label: sink.label },
        label,
      };
    default:
      return unreachable(sink);
  }
}

function linkOf(op: Op): Link | undefined {
  if (op.kind === "glom") return { kind: "glom" };
  if (op.kind === "sort") return op;
  if (op.kind === "mapPartitions" || op.kind === "mapPartitionsWithIndex") {
    return { kind: op.kind, fn: op.fn, label: op.label, index: op.index };
  }
  return undefined;
}

function fused(op: Op): FusedOp {
  switch (op.kind) {
    case "keys":
    case "values":
      return { kind: op.kind, fn: undefined, label: op.label };
    case "number":
      return { kind: op.kind, fn: op.fn, label: op.label, index: op.index };
    case "map":
    case "flatMap":
    case "filter":
    case "mapValues":
    case "flatMapValues":
      return { kind: op.kind, fn: op.fn, label: op.label };
    default:
      assert(false, `${op.kind} is not an operator on single records`);
  }
}
