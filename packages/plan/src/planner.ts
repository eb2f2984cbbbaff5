import { shuffleId } from "./action-plan.ts";
import { Layout } from "./layout.ts";
import type { Lineage, PersistedNode } from "./lineage.ts";
import type { PlannedAction, PlannerOptions, PlanRequest } from "./plan-request.ts";
import { PlanRun } from "./plan-run.ts";
import { TemplateCache } from "./template-cache.ts";

/** Turns actions on lineage into stages, tasks and templates. One per run of a job, for which it assigns ids. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #templates = new TemplateCache();
  readonly #separations = new WeakMap<Lineage, PersistedNode>();
  #nextShuffle = 0;
  #nextRun = 0;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** Layout of RDDs; their sources must be resolved. */
  layout(): Layout {
    return new Layout(this.#options.defaultPartitions, this.#separations);
  }

  /**
   * Plans one action. Every source below the target must be resolved.
   *
   * Cost: one visit per node of lineage not hidden by a written shuffle; tens of microseconds for a small job.
   */
  plan(request: PlanRequest): PlannedAction {
    const run = new PlanRun(request, this.layout(), {
      options: this.#options,
      templates: this.#templates,
      nextRun: () => this.#nextRun++,
      nextShuffle: () => shuffleId(this.#nextShuffle++),
    });
    return run.plan();
  }
}
