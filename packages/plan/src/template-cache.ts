import { createHash } from "node:crypto";
import type { FunctionRef } from "@millrace/operators";
import type { Pipeline, Sink, StageTemplate, TemplateId } from "./template.ts";

/** Templates kept; a steady stream has a few. Past this the oldest goes, and would be hashed again. */
const TEMPLATES_MAX = 4096;

/**
 * Gives equal code and shape the same template, by content, so that a steady stream hashes nothing after its first
 * batch.
 */
export class TemplateCache {
  readonly #templates = new Map<string, StageTemplate>();

  intern(pipeline: Pipeline, sink: Sink, functions: readonly FunctionRef[]): StageTemplate {
    const ids = functions.map((fn) => fn.id);
    const content = JSON.stringify([pipeline, sink, ids]);
    const known = this.#templates.get(content);
    if (known !== undefined) return known;
    const id = createHash("sha256").update(content).digest("hex").slice(0, 32);
    const template: StageTemplate = { id: id as TemplateId, pipeline, sink, functions: ids }; // the one place for this cast
    if (this.#templates.size >= TEMPLATES_MAX) {
      for (const oldest of this.#templates.keys()) {
        this.#templates.delete(oldest);
        break;
      }
    }
    this.#templates.set(content, template);
    return template;
  }
}
