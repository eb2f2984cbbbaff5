import type { EpochMs } from "./duration.ts";

/** Something the operator should know and that does not end the job. */
export interface Warning {
  /** Stable, like an error's; the message begins with it. */
  readonly code: string;
  /**
   * The thing concerned, such as a task or an executor; "" for the job itself. Events of one code and subject are
   * repetitions. Of a condition it is the name, and another condition of that name takes its place.
   */
  readonly subject: string;
  readonly message: string;
  /** A condition, which holds until it is reported as over. Otherwise an event, which has happened and is never over. */
  readonly lasting: boolean;
}

/** The end of the condition with this subject. */
export interface WarningOver {
  readonly subject: string;
  /** The news, when it is worth a line of its own. */
  readonly message: string | undefined;
}

/** A warning with its history. */
export interface WarningRecord extends Warning {
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** Occurrences since `firstAt`. */
  readonly count: number;
}

/** Takes a warning, and the end of one. Bound methods: ports hand them on. */
export interface WarningSink {
  readonly warn: (warning: Warning) => void;
  readonly warningOver: (over: WarningOver) => void;
}

/** Makes the warnings of one code: of a subject, with a message that does not repeat the code. */
export type WarningFactory = (subject: string, message: string) => Warning;

/**
 * Declares a code of warnings, which has a section in `docs/errors.md`: a script checks it.
 *
 * @returns Makes a warning of a subject and a message without the code.
 */
export function warningKind(code: string, { lasting = false }: { readonly lasting?: boolean } = {}): WarningFactory {
  return (subject, message) => ({ code, subject, message: `[${code}] ${message}`, lasting });
}

/** Of a message without a code. */
const UNCODED = "WARNING";

/** @param message Begins with `[CODE]`. One that does not is its own subject, so that only its repetitions are counted together. */
export function warningOf(
  message: string,
  about: { readonly subject?: string; readonly lasting?: boolean } = {},
): Warning {
  const code = /^\[([A-Z0-9_]+)\]/.exec(message)?.[1];
  return {
    code: code ?? UNCODED,
    subject: about.subject ?? (code === undefined ? message : ""),
    message,
    lasting: about.lasting ?? false,
  };
}
