import { type EngineError, protocolMismatch } from "@millrace/base";
import { unauthenticated } from "./errors.ts";
import { PROTOCOL_VERSION } from "./session.ts";

// Refusals of a caller, the same on both planes.

export function wrongToken(missing: boolean): EngineError {
  return unauthenticated(
    `the server requires a token, but this process ${missing ? "sent none" : "sent another one"}. The connection is refused. ` +
      `Set MILLRACE_TOKEN (or --token-file) here to the secret that the driver was started with.`,
  );
}

export function versionsDiffer(theirs: string): EngineError {
  return protocolMismatch(
    `a process that speaks protocol version ${theirs} dialled one that speaks version ${PROTOCOL_VERSION}. The connection is refused. ` +
      `Install the same Millrace version on every machine.`,
    { fields: { theirs, ours: PROTOCOL_VERSION } },
  );
}
