import { type EngineError, type ErrorFactory, errorKind } from "@millrace/base";

/** A server would listen beyond loopback without a token. */
export const insecureBind: ErrorFactory = errorKind("INSECURE_BIND", "user");
/** An address that is not host:port. */
export const badAddress: ErrorFactory = errorKind("BAD_ADDRESS", "user");
/** Nothing can listen there: the port is in use, or the host is not this machine's. */
export const bindFailed: ErrorFactory = errorKind("BIND_FAILED", "environment");
/** The two ends speak different versions. */
export { protocolMismatch } from "@millrace/base";
/** The token is missing or differs from the server's. */
export const unauthenticated: ErrorFactory = errorKind("UNAUTHENTICATED", "user");
/** Nothing answers at the address. */
export const peerUnreachable: ErrorFactory = errorKind("PEER_UNREACHABLE", "environment", "same-task");
/** Something answers at the address, but it is not a driver. */
export const notADriver: ErrorFactory = errorKind("NOT_A_DRIVER", "environment", "same-task");
/** A session ended without being closed. */
export const sessionLost: ErrorFactory = errorKind("SESSION_LOST", "environment", "same-task");
/** The other end does not read: what is queued for it has exceeded its limit. */
export const sessionOverflow: ErrorFactory = errorKind("SESSION_OVERFLOW", "environment", "same-task");
/** A message that violates the protocol. */
export const messageMalformed: ErrorFactory = errorKind("MESSAGE_MALFORMED", "engine");
/** A message beyond the size limit, such as a stage with very large captures. */
export const messageTooLarge: ErrorFactory = errorKind("MESSAGE_TOO_LARGE", "user");
/** A frame on the data plane beyond the size limit. */
export const frameTooLarge: ErrorFactory = errorKind("FRAME_TOO_LARGE", "environment", "same-task");
/** A connection of the data plane that ended within a frame or a block. */
export const frameCutShort: ErrorFactory = errorKind("FRAME_CUT_SHORT", "environment", "same-task");
/** Bytes on the data plane that violate its protocol. */
export const frameMalformed: ErrorFactory = errorKind("FRAME_MALFORMED", "environment", "same-task");
/** The holder of a block does not have it. */
export const blockNotHeld: ErrorFactory = errorKind("BLOCK_NOT_HELD", "environment", "parent-stage");
/** The limit of waiting requests was reached. */
export const tooManyRequests: ErrorFactory = errorKind("TOO_MANY_REQUESTS", "environment", "same-task");
/** A call of the operator service that failed without a reason from the driver. */
export const callFailed: ErrorFactory = errorKind("CALL_FAILED", "engine");
/** Unusable TLS settings. */
export const badTls: ErrorFactory = errorKind("BAD_TLS", "user");

/** The error for those that still wait for a block when the process closes its connections. */
export function clientClosed(): EngineError {
  return sessionLost("this process has closed its connections to the blocks of others. It is about to end.");
}
