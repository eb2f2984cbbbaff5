import type { EpochMs } from "./duration.ts";

/** A condition or event that the operator should know of and that does not end the job. */
export interface Warning {
  /** Stable, like an error's code; the message begins with it. */
  readonly code: string;
  /**
   * Its subject, such as a task or an executor; "" for the job itself. Events with the same code and subject are
   * repetitions. A condition is identified by it: a new condition with the same subject replaces the old one.
   */
  readonly subject: string;
  readonly message: string;
  /** A condition, which holds until it is reported as over; otherwise an event. */
  readonly lasting: boolean;
}

/** The end of the condition with this subject. */
export interface WarningOver {
  readonly subject: string;
  /** A message, if the end deserves a line of its own. */
  readonly message: string | undefined;
}

/** A warning with its history. */
export interface WarningRecord extends Warning {
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** Occurrences since `firstAt`. */
  readonly count: number;
}

/** Takes warnings and the ends of conditions. Bound methods, so that ports can pass them on. */
export interface WarningSink {
  readonly warn: (warning: Warning) => void;
  readonly warningOver: (over: WarningOver) => void;
}

/** Makes warnings of one code from a subject and a message without the code. */
export type WarningFactory = (subject: string, message: string) => Warning;

/**
 * Declares a warning code, which has a section in `docs/errors.md`: a script checks it.
 *
 * @returns Makes a warning from a subject and a message without the code.
 */
export function warningKind(code: string, { lasting = false }: { readonly lasting?: boolean } = {}): WarningFactory {
  return (subject, message) => ({ code, subject, message: `[${code}] ${message}`, lasting });
}

/** The code of messages that have none. */
const UNCODED = "WARNING";

/**
 * @param message Begins with `[CODE]`. A message without a code is its own subject, so that only its repetitions are
 *   counted together.
 */
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
