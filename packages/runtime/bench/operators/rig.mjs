// Runs chains as tasks of a slot.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "@millrace/base";
import { emptyClassTable, encodeBlock, encodeCaptures } from "@millrace/codec";
import { BlockPool, freeSlices, localFileSystems, SpillDirectory } from "@millrace/storage";
import { FunctionTable, SlotRuntime, threadHeapUse } from "../../dist/index.js";
import { latest } from "./data.mjs";

/** Records that a flatMap makes of each record of a source. */
const PIECE = 1000;

/** A function of the engine, with what its use captures. */
export const own = (name, ...captures) => ({ own: name, captures });

/**
 * @typedef {object} Chain
 * @property {string} name
 * @property {unknown[]} input
 * @property {unknown[]} [other] The second parent.
 * @property {readonly (readonly [kind: string, fn?: unknown])[]} [ops] Operators, after the source if there is one.
 * @property {(parts: Parts) => object} [source] What takes the records of the parents; without it the operators do.
 * @property {(parts: Parts) => object} [sink] Without it the chain ends in a reduce that keeps the last record.
 * @property {boolean} [stateful]
 * @property {(input: unknown[], other: unknown[], memory: Map<unknown, unknown>) => unknown} hand The loop that does the same.
 *
 * @typedef {object} Parts What the source of a chain is put together from.
 * @property {object} main The pipeline that gives the input.
 * @property {object} other That of the second parent.
 * @property {(fn: unknown) => number} slot The place of a function in the template.
 */

export class Rig {
  #directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  #pool = BlockPool.create({ bytes: 256 * 1024 ** 2 });
  #files = localFileSystems();
  #functions = new FunctionTable({ files: this.#files });
  #ids = new Map();
  #runtime;
  #run = 0;

  constructor() {
    const spills = new SpillDirectory(this.#directory, this.#pool.owner);
    this.#runtime = new SlotRuntime(
      {
        pool: this.#pool,
        newSpillFile: () => spills.newFile(),
        files: this.#files,
        cancellation: { cancelled: () => false },
        clock: new SystemClock(),
        heapUse: threadHeapUse,
        spillBytes: 512 * 1024 ** 2,
      },
      this.#functions,
    );
  }

  close() {
    rmSync(this.#directory, { recursive: true });
  }

  /** A function that runs the chain once as a task. @param {Chain} chain */
  task(chain) {
    const template = new Template(chain, (fn) => this.#idOf(fn));
    const { id, inputs } = template;
    this.#runtime.loadTemplate(template.stage);
    const captures = this.#encoded(template.captures);
    let version = 0;
    return async () => {
      const run = ++this.#run;
      const batch = version + 1;
      this.#runtime.startStage({ run, batch, templates: [id], captures: [captures], broadcasts: [], partitions: 1 });
      const operator = chain.name.replaceAll(/\W/g, "-");
      const state = { operator, partition: 0, partitions: 1, version, batch, directory: this.#directory };
      const task = { run, partition: 0, attempt: 0, template: 0, inputs };
      const outcome = await this.#runtime.runTask(chain.stateful ? { ...task, state } : task);
      this.#runtime.endStage(run);
      version = batch;
      this.#free(outcome);
    };
  }

  #free(outcome) {
    if (outcome.kind === "mapOutput") {
      for (const block of outcome.blocks) if (block !== undefined) freeSlices(block, this.#pool);
    } else if (outcome.kind !== "result") {
      throw new Error(JSON.stringify(outcome));
    } else if (outcome.result.kind === "block") {
      freeSlices(outcome.result.handle, this.#pool);
    }
  }

  #idOf(fn) {
    const known = this.#ids.get(fn);
    if (known !== undefined) return known;
    const id = `bench#${this.#ids.size}`;
    this.#functions.define(id, () => fn);
    this.#ids.set(fn, id);
    return id;
  }

  /** As the driver encodes them: functions by their id. */
  #encoded(captures) {
    if (captures.every((values) => values.length === 0)) return new Uint8Array(0);
    const reference = (value) =>
      typeof value === "function" ? { tag: "function", id: this.#idOf(value), captures: [] } : undefined;
    return encodeCaptures(captures, { classes: emptyClassTable, reference });
  }
}

/** A chain as the runtime takes it. */
class Template {
  id;
  stage;
  inputs = [];
  captures = [];
  #functions = [];
  #idOf;

  constructor(chain, idOf) {
    this.#idOf = idOf;
    this.id = `bench ${chain.name}`;
    const slot = (fn) => this.#slot(fn);
    const main = this.#all(chain.input);
    const parts = { main, slot, other: chain.other === undefined ? undefined : this.#all(chain.other) };
    const before = chain.source === undefined ? main : { source: chain.source(parts), ops: [] };
    const ops = (chain.ops ?? []).map(([kind, fn]) => this.#op(kind, fn));
    this.stage = {
      id: this.id,
      pipeline: { ...before, ops: [...before.ops, ...ops] },
      sink: chain.sink?.(parts) ?? { kind: "reduce", fn: slot(latest) },
      functions: this.#functions,
    };
  }

  /** Gives an array: each record of the source is taken apart by a flatMap over arrays that are there already. */
  #all(array) {
    const pieces = [];
    for (let at = 0; at < array.length; at += PIECE) pieces.push(array.slice(at, at + PIECE));
    const input = this.inputs.push({ kind: "inline", block: encodeBlock([...pieces.keys()], emptyClassTable) }) - 1;
    return {
      source: { kind: "blocks", input },
      ops: [{ kind: "flatMap", fn: this.#slot((i) => pieces[i]), label: "all" }],
    };
  }

  #op(kind, fn) {
    switch (kind) {
      case "sort":
        return { kind, key: fn === undefined ? undefined : this.#slot(fn), descending: false, label: kind };
      default:
        return fn === undefined ? { kind, label: kind } : { kind, fn: this.#slot(fn), label: kind };
    }
  }

  #slot(fn) {
    const { own: name, captures = [] } = fn;
    this.captures.push(captures);
    return this.#functions.push(typeof fn === "function" ? this.#idOf(fn) : `millrace:${name}`) - 1;
  }
}
