import type { ClassTable } from "@millrace/codec";
import type { FileSystems } from "@millrace/files";
import type { OperatorPort } from "@millrace/operators";
import { wholeBytes, wholeTexts } from "../files/whole-files.ts";
import { type PipeContext, piped } from "./pipe.ts";

/** A slot's implementation of the operators' port: the job's classes, its files, and commands. */
export function operatorPort(
  slot: { readonly classes: ClassTable; readonly files: FileSystems } & PipeContext,
): OperatorPort {
  const { classes, files, commands, lineBytesMax } = slot;
  return {
    classes,
    pipe: (command, capture) => piped(command, capture, { commands, lineBytesMax }),
    readText: (listed) => wholeTexts(files, listed),
    readBytes: (listed) => wholeBytes(files, listed),
  };
}
