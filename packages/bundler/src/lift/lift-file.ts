import { pathToFileURL } from "node:url";
import type { Segments } from "../stripped-source.ts";
import { stripTypes } from "../stripped-source.ts";
import { analyse } from "./analyse.ts";
import { driverBuild } from "./driver-build.ts";
import { type Emitted, withInlineMap } from "./emitter.ts";
import { executorBuild } from "./executor-build.ts";

/** One of the author's files, as input of both builds. */
export interface LiftedFile {
  readonly driver: LiftedCode;
  readonly executor: LiftedCode;
  /** Number of functions and classes with an id. */
  readonly functions: number;
  /** The text that was read, so that a later change of the file is noticed. */
  readonly text: string;
}

interface LiftedCode {
  /** With an inline map to the author's file. */
  readonly code: string;
  readonly segments: Segments;
}

/**
 * Strips the types of a file and lifts its functions. Both builds come from one analysis, so that their ids agree.
 *
 * @param file `path` absolute; `name` as in ids and messages.
 * @throws JOB_SYNTAX
 */
export async function liftFile(file: { path: string; name: string; text: string }): Promise<LiftedFile> {
  const analysis = await analyse(await stripTypes(file));
  const code = (emitted: Emitted): LiftedCode => ({
    code: withInlineMap(emitted, pathToFileURL(file.path).href),
    segments: emitted.segments,
  });
  return {
    driver: code(driverBuild(analysis)),
    executor: code(executorBuild(analysis)),
    functions: analysis.lifted.length,
    text: file.text,
  };
}
