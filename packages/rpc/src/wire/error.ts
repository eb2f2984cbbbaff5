import type { Blame, ErrorFields, Retry, WireError } from "@millrace/base";
import type { Error as ErrorInput, Error__Output as ErrorOutput } from "../gen/millrace/common/v1/Error.ts";
import type { FieldValue__Output as FieldValueOutput } from "../gen/millrace/common/v1/FieldValue.ts";
import { malformed } from "./required.ts";

const blames = {
  user: "BLAME_USER",
  engine: "BLAME_ENGINE",
  environment: "BLAME_ENVIRONMENT",
} as const satisfies Record<Blame, string>;

const retries = {
  never: "RETRY_NEVER",
  "same-task": "RETRY_SAME_TASK",
  "parent-stage": "RETRY_PARENT_STAGE",
} as const satisfies Record<Retry, string>;

export function encodeError(error: WireError): ErrorInput {
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.kind === undefined
      ? {}
      : { kind: { code: error.kind.code, blame: blames[error.kind.blame], retry: retries[error.kind.retry] } }),
    ...(error.fields === undefined ? {} : { fields: encodeValues(error.fields) }),
    ...(error.site === undefined ? {} : { site: error.site }),
    ...(error.cause === undefined ? {} : { cause: encodeError(error.cause) }),
  };
}

export function decodeError(error: ErrorOutput): WireError {
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.kind === null
      ? {}
      : {
          kind: {
            code: error.kind.code,
            blame: keyOf(blames, error.kind.blame, "blame"),
            retry: keyOf(retries, error.kind.retry, "retry"),
          },
          fields: decodeValues(error.fields),
        }),
    ...(error.site === null
      ? {}
      : { site: { file: error.site.file, line: error.site.line, column: error.site.column } }),
    ...(error.cause === null ? {} : { cause: decodeError(error.cause) }),
  };
}

export function decodeOptionalError(error: ErrorOutput | null): WireError | undefined {
  return error === null ? undefined : decodeError(error);
}

type Scalar = string | number | boolean;
type EncodedScalar = { text: string } | { number: number } | { flag: boolean };

/** Named values of an error or of a configuration: text, numbers and flags keep their type. */
export function encodeValues(values: Readonly<Record<string, Scalar>>): Record<string, EncodedScalar> {
  const out: Record<string, EncodedScalar> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "string") out[name] = { text: value };
    else if (typeof value === "number") out[name] = { number: value };
    else out[name] = { flag: value };
  }
  return out;
}

export function decodeValues(values: Readonly<Record<string, FieldValueOutput>>): ErrorFields {
  const out: Record<string, Scalar> = {};
  for (const [name, value] of Object.entries(values)) {
    out[name] = value.text ?? value.number ?? value.flag ?? "";
  }
  return out;
}

/** The domain's word for an enum value. */
export function keyOf<K extends string>(table: Readonly<Record<K, string>>, value: string, what: string): K {
  for (const key in table) if (table[key] === value) return key;
  throw malformed(`${what} ${JSON.stringify(value)} is unknown`);
}
