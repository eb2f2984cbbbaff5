import { pathToFileURL } from "node:url";
import * as api from "@millrace/api";
import {
  type ActionResult,
  buildJob,
  type EnginePort,
  installJobHooks,
  type JobGraph,
  JobRegistry,
  jobConf,
  runAuthorCode,
} from "@millrace/api/host";
import { type EpochMs, fromWireError, SystemClock, toWireError, type WireError } from "@millrace/base";
import type { BlockId, BlockLocation, JobPlan } from "@millrace/plan";
import { localFileSystems } from "@millrace/storage";
import { reportOf } from "../batch-failure.ts";
import type { Answer, FromJobThread, ToJobThread } from "./protocol.ts";

type Build = Extract<ToJobThread, { readonly type: "build" }>;
type Batch = Extract<ToJobThread, { readonly type: "batch" }>;

const MODULE = { what: "module-level code of the job", outcome: "The job is not started." };

interface Request {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The job's side of its driver: builds the graph, runs one batch after the other, asks the main thread for the rest. */
export class JobThreadBody {
  readonly #post: (message: FromJobThread, transfer?: ArrayBuffer[]) => void;
  readonly #leave: () => void;
  readonly #requests = new Map<number, Request>();
  #nextRequest = 0;
  #graph: JobGraph | undefined;
  #parallelism = 0;

  /** @param leave Lets the thread end when it has nothing left to do. */
  constructor(post: (message: FromJobThread, transfer?: ArrayBuffer[]) => void, leave: () => void) {
    this.#post = post;
    this.#leave = leave;
  }

  onMessage(message: ToJobThread): void {
    switch (message.type) {
      case "build":
        return void this.#build(message);
      case "begin":
        this.#parallelism = message.defaultParallelism;
        return void this.#begin(message.zeroTime);
      case "batch":
        return void this.#batch(message);
      case "over":
        return this.#release(message.time);
      case "observe":
        return this.#graph?.observe(message.event);
      case "end":
        return void this.#end(message.error);
      case "leave":
        return this.#leave();
      case "answer":
        return this.#answer(message.id, message.answer);
    }
  }

  async #build(message: Build): Promise<void> {
    try {
      const registry = new JobRegistry();
      installJobHooks(registry);
      if (message.externals) {
        const { externalLoader } = await import("@millrace/bundler");
        Reflect.set(globalThis, Symbol.for("millrace.external"), externalLoader([process.cwd()]));
      }
      Reflect.set(globalThis, Symbol.for("millrace.module"), api);
      const module: { readonly default?: unknown } = await runAuthorCode(
        MODULE,
        () => import(pathToFileURL(message.module).href),
      );
      const { "driver.heap": heapBytes } = jobConf(module.default, message.conf);
      this.#post({ type: "heap", heapBytes });
      if (message.heapBytes !== undefined && heapBytes !== message.heapBytes) return;
      this.#graph = await buildJob(module.default, {
        port: this.#port(),
        registry,
        name: message.name,
        args: message.args,
        conf: message.conf,
        directory: message.directory,
      });
      const { name, batchIntervalMs, conf, receivers, polls } = this.#graph;
      this.#post({ type: "built", name, batchIntervalMs, conf, receivers, polls });
    } catch (error) {
      this.#post({ type: "failed", error: toWireError(error) });
    }
  }

  async #begin(zeroTime: EpochMs): Promise<void> {
    try {
      await this.#graph?.begin(zeroTime);
    } catch (error) {
      this.#post({ type: "failed", error: toWireError(error) });
    }
  }

  async #end(error: WireError | undefined): Promise<void> {
    const goesOn = await this.#graph?.end(error === undefined ? undefined : fromWireError(error));
    this.#post({ type: "ended", goesOn: goesOn ?? false });
  }

  async #batch({ time, received }: Batch): Promise<void> {
    const graph = this.#graph;
    if (graph === undefined) return;
    this.#post({ type: "batchDone", time, report: reportOf(await graph.runBatch({ time, received })) });
  }

  #release(time: EpochMs): void {
    const released = this.#graph?.release(time);
    if (released !== undefined && released.times.length > 0) this.#post({ type: "released", ...released });
  }

  #answer(id: number, answer: Answer): void {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (answer.ok) request?.resolve(answer.value);
    else request?.reject(fromWireError(answer.error));
  }

  #ask(make: (id: number) => FromJobThread): Promise<unknown> {
    const id = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      this.#post(make(id));
    });
  }

  #port(): EnginePort {
    const body = this;
    return {
      get defaultParallelism() {
        return body.#parallelism;
      },
      clock: new SystemClock(),
      files: localFileSystems(),
      // The answers' shapes are those that the main thread gives to these requests: both ends are in this folder.
      run: (plan: JobPlan) => this.#ask((id) => ({ type: "run", id, plan })) as Promise<ActionResult>,
      putBlock: (name: BlockId, parts: readonly Uint8Array[]) =>
        this.#ask((id) => ({ type: "putBlock", id, name, parts })) as Promise<BlockLocation>,
      dropBlocks: (blocks) => this.#post({ type: "dropBlocks", blocks }),
      dropShuffles: (shuffles) => this.#post({ type: "released", times: [], shuffles }),
      write: (text) => void process.stdout.write(text),
      warn: (warning) => this.#post({ type: "warn", warning }),
      warningOver: (over) => this.#post({ type: "warningOver", over }),
      watch: (on) => this.#post({ type: "watch", on }),
      stop: (graceful) => this.#post({ type: "stopJob", graceful }),
    };
  }
}
