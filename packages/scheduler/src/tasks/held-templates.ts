import { assert } from "@millrace/base";
import type { PlannedStage, StageRunId, StageTemplate, TemplateId } from "@millrace/plan";

/**
 * The templates that one executor holds: decides which to send before a stage, and which to drop when there are more
 * than `max`. The least recently used is evicted first, but none that a running stage uses, so more than `max` may be
 * held.
 *
 * Sends and drops must reach the executor in the order of the calls, so that no task finds a template missing.
 */
export class HeldTemplates {
  readonly #max: number;
  readonly #stages = new Map<StageRunId, readonly TemplateId[]>();
  /** The number of running stages that use a template. */
  readonly #uses = new Map<TemplateId, number>();
  /** Templates that no running stage uses, in the order in which they became unused. */
  readonly #idle = new Set<TemplateId>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#uses.size + this.#idle.size;
  }

  /** True while the executor knows the stage: from its announcement to its end. */
  has(run: StageRunId): boolean {
    return this.#stages.has(run);
  }

  /** A stage is announced to the executor. */
  startStage({ run, templates }: Pick<PlannedStage, "run" | "templates">): {
    readonly send: readonly StageTemplate[];
    readonly drop: readonly TemplateId[];
  } {
    assert(!this.has(run), `the executor has stage ${run} already`);
    this.#stages.set(
      run,
      templates.map(({ id }) => id),
    );
    const send = templates.filter((template) => this.#use(template.id));
    return { send, drop: this.#evict() };
  }

  /** The end of a stage is announced to the executor. */
  endStage(run: StageRunId): readonly TemplateId[] {
    for (const id of this.#stages.get(run) ?? []) {
      const uses = (this.#uses.get(id) ?? 0) - 1;
      if (uses > 0) {
        this.#uses.set(id, uses);
      } else {
        this.#uses.delete(id);
        this.#idle.add(id);
      }
    }
    this.#stages.delete(run);
    return this.#evict();
  }

  /** @returns True if the template must be sent. */
  #use(id: TemplateId): boolean {
    const uses = this.#uses.get(id) ?? 0;
    this.#uses.set(id, uses + 1);
    return !this.#idle.delete(id) && uses === 0;
  }

  #evict(): readonly TemplateId[] {
    const evicted: TemplateId[] = [];
    for (const id of this.#idle) {
      if (this.size <= this.#max) break;
      this.#idle.delete(id);
      evicted.push(id);
    }
    return evicted;
  }
}
