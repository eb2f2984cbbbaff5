import { createHash } from "node:crypto";
import { branded } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import type { Pipeline, StageSink, StageTemplate, TemplateId } from "./template.ts";

/**
 * Templates that each side keeps: the planner, and every executor with its slots. Beyond that the least recently used
 * is evicted, and is hashed, sent and compiled again on its next use. A batch with more templates than this reuses
 * none. A template of a few operators takes some 6 KB in a slot, compiled loops included.
 */
export const TEMPLATES_MAX = 2_048;

/** Returns the same template for equal code and shape, so that a steady stream hashes nothing after its first batch. */
export class TemplateCache {
  /** Least recently used first. */
  readonly #templates = new Map<string, StageTemplate>();

  get size(): number {
    return this.#templates.size;
  }

  intern(pipeline: Pipeline, sink: StageSink, functions: readonly FunctionRef[]): StageTemplate {
    const ids = functions.map((fn) => fn.id);
    const content = JSON.stringify([pipeline, sink, ids]);
    const template = this.#templates.get(content) ?? newTemplate(content, { pipeline, sink, functions: ids });
    this.#templates.delete(content);
    this.#templates.set(content, template);
    for (const oldest of this.#templates.keys()) {
      if (this.#templates.size <= TEMPLATES_MAX) break;
      this.#templates.delete(oldest);
    }
    return template;
  }
}

function newTemplate(content: string, parts: Omit<StageTemplate, "id">): StageTemplate {
  const id = createHash("sha256").update(content).digest("hex").slice(0, 32);
  return { id: branded<TemplateId>(id), ...parts };
}
