import type { Broadcast } from "@millrace/api";
import { executorAccumulator } from "@millrace/api/engine";
import { type AnyClass, type ClassTable, decodeCaptures } from "@millrace/codec";
import type { FileSystems } from "@millrace/files";
import { type AnyFunction, isFunction, isOperatorId, type OperatorPort, operatorOf } from "@millrace/operators";
import { functionUnknown, globalFunction, type JobHooks, type StageTemplate } from "@millrace/plan";
import { operatorPort } from "../operator-port/operator-port.ts";
import type { Commands } from "../ports.ts";

export interface FunctionTableOptions {
  /** For the engine's functions. */
  readonly files: FileSystems;
  /** Notified of the processes that the engine's functions start. */
  readonly commands?: Commands;
  /** The setting `line.bytes.max`, for the output of commands. */
  readonly lineBytesMax?: number;
  /** Finds functions that never left this process (`inline:3`), in tests of unbundled jobs. */
  readonly inline?: (id: string) => AnyFunction | undefined;
  /** Finds classes of such a job. */
  readonly inlineClasses?: ClassTable;
}

/** For a process without slot threads: its tasks are never terminated, so no command outlives them. */
const UNWATCHED: Commands = { started: () => undefined, ended: () => undefined, said: (line) => console.error(line) };

/** The default of the setting. */
const LINE_BYTES_MAX = 256 * 1024 ** 2;

/** Finds the broadcast variable of a block, `broadcast/3`, on this thread. */
export type FindBroadcast = (name: string) => Broadcast<unknown>;

/**
 * The executor's side of a job's functions: a factory for each, which takes its captures. The executor's build fills it
 * while it is loaded, through {@link JobHooks}; set it at `globalThis[JOB_HOOKS]` before.
 */
export class FunctionTable implements JobHooks {
  readonly #factories = new Map<string, (...captures: never[]) => unknown>();
  readonly #imports = new Map<string, unknown>();
  readonly #classIds = new Map<AnyClass, string>();
  readonly #classes = new Map<string, AnyClass>();
  /** Functions without captures: one object each, whose machine code stays warm from batch to batch. */
  readonly #plain = new Map<string, AnyFunction>();
  readonly #options: FunctionTableOptions;
  readonly #operatorPort: OperatorPort;

  constructor(options: FunctionTableOptions) {
    this.#options = options;
    const { files, commands = UNWATCHED, lineBytesMax = LINE_BYTES_MAX } = options;
    this.#operatorPort = operatorPort({ classes: this.classes, files, commands, lineBytesMax });
  }

  /** No function leaves an executor, so none needs a tag. */
  tag<F extends AnyFunction>(fn: F): F {
    return fn;
  }

  define(id: string, factory: (...captures: never[]) => unknown): void {
    this.#factories.set(id, factory);
  }

  defineClass(id: string, type: AnyClass): void {
    this.#classIds.set(type, id);
    this.#classes.set(id, type);
  }

  defineImport(id: string, value: unknown): void {
    this.#imports.set(id, value);
  }

  /** The job's classes, for the codec. */
  readonly classes: ClassTable = {
    idOf: (type) => this.#classIds.get(type) ?? this.#options.inlineClasses?.idOf(type),
    constructorOf: (id) => this.#classes.get(id) ?? this.#options.inlineClasses?.constructorOf(id),
  };

  /**
   * The function of an id.
   *
   * @throws FUNCTION_UNKNOWN The artefact has no such function.
   */
  resolve(id: string, captures: readonly unknown[]): AnyFunction {
    if (captures.length > 0) return this.#make(id, captures);
    let fn = this.#plain.get(id);
    if (fn === undefined) {
      fn = this.#make(id, captures);
      if (!id.startsWith("inline:")) this.#plain.set(id, fn);
    }
    return fn;
  }

  /** The functions of a template with the captured values of one run of a stage, by slot. */
  resolveAll(template: StageTemplate, captures: Uint8Array, broadcast: FindBroadcast): readonly AnyFunction[] {
    const values = captures.length === 0 ? [] : this.decode(captures, broadcast);
    return template.functions.map((id, slot) => this.resolve(id, values[slot] ?? []));
  }

  /** Decodes captures; also broadcast variables and receivers, which are `[[value]]`. */
  decode(captures: Uint8Array, broadcast: FindBroadcast): unknown[][] {
    return decodeCaptures(captures, {
      classes: this.classes,
      resolve: (tag, id, inner) => this.#reference(tag, id, inner, broadcast),
    });
  }

  #reference(tag: string, id: string, captures: readonly unknown[], broadcast: FindBroadcast): unknown {
    switch (tag) {
      case "class":
        return this.classes.constructorOf(id) ?? unknown(`class ${id}`);
      case "broadcast":
        return broadcast(id);
      case "accumulator":
        return executorAccumulator(Number(id), captures);
      default:
        return this.resolve(id, captures);
    }
  }

  #make(id: string, captures: readonly unknown[]): AnyFunction {
    const fn = this.#find(id, captures);
    if (isFunction(fn)) return fn;
    return unknown(`function ${id}`);
  }

  #find(id: string, captures: readonly unknown[]): unknown {
    if (isOperatorId(id)) return (operatorOf(id) ?? noOperator(id)).make(this.#operatorPort, captures);
    if (id.startsWith("global:")) return globalFunction(id.slice("global:".length));
    if (id.startsWith("import:")) return this.#imports.get(id.slice("import:".length));
    if (id.startsWith("inline:")) return this.#options.inline?.(id);
    return this.#factories.get(id)?.(...(captures as never[])); // in the order that the bundler gave the factory
  }
}

function noOperator(id: string): never {
  throw functionUnknown(
    `the engine has no operator ${id}, which the driver requests. The task fails. Run the same version of millrace in every process.`,
  );
}

function unknown(what: string): never {
  throw functionUnknown(
    `the job's artefact has no ${what}, which the driver requests. The task fails. Submit the job again, with the same version of millrace in every process.`,
  );
}
