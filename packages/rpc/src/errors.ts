import { type EngineError, type ErrorFactory, errorKind } from "@millrace/base";

/** A server would listen beyond loopback without a token. */
export const insecureBind: ErrorFactory = errorKind("INSECURE_BIND", "user");
/** An address that is not host:port. */
export const badAddress: ErrorFactory = errorKind("BAD_ADDRESS", "user");
/** Nothing can listen there: the port is in use, or the host is not this machine's. */
export const bindFailed: ErrorFactory = errorKind("BIND_FAILED", "environment");
/** The two ends speak different versions. */
export { protocolMismatch } from "@millrace/base";
/** The token is missing or not the one that the server was started with. */
export const unauthenticated: ErrorFactory = errorKind("UNAUTHENTICATED", "user");
/** Nobody answers at the address. */
export const peerUnreachable: ErrorFactory = errorKind("PEER_UNREACHABLE", "environment", "same-task");
/** Something answers at the address, and it is no driver. */
export const notADriver: ErrorFactory = errorKind("NOT_A_DRIVER", "environment", "same-task");
/** A session ended that was not closed. */
export const sessionLost: ErrorFactory = errorKind("SESSION_LOST", "environment", "same-task");
/** The other end does not read: what waits for it has passed its bound. */
export const sessionOverflow: ErrorFactory = errorKind("SESSION_OVERFLOW", "environment", "same-task");
/** A message that is not of the protocol. */
export const messageMalformed: ErrorFactory = errorKind("MESSAGE_MALFORMED", "engine");
/** A message past the bound, such as a stage whose captured values are very large. */
export const messageTooLarge: ErrorFactory = errorKind("MESSAGE_TOO_LARGE", "user");
/** A frame on the data plane whose length is past the bound. */
export const frameTooLarge: ErrorFactory = errorKind("FRAME_TOO_LARGE", "environment", "same-task");
/** A connection of the data plane that ended within a frame or a block. */
export const frameCutShort: ErrorFactory = errorKind("FRAME_CUT_SHORT", "environment", "same-task");
/** Bytes on the data plane that are not of its protocol. */
export const frameMalformed: ErrorFactory = errorKind("FRAME_MALFORMED", "environment", "same-task");
/** The holder of a block does not have it. */
export const blockNotHeld: ErrorFactory = errorKind("BLOCK_NOT_HELD", "environment", "parent-stage");
/** A bounded number of requests waits already. */
export const tooManyRequests: ErrorFactory = errorKind("TOO_MANY_REQUESTS", "environment", "same-task");
/** A call of the operator service that the driver could not carry out for a reason it did not name. */
export const callFailed: ErrorFactory = errorKind("CALL_FAILED", "engine");
/** TLS settings that cannot work. */
export const badTls: ErrorFactory = errorKind("BAD_TLS", "user");

/** Whoever still waits for a block when the process closes its connections. */
export function clientClosed(): EngineError {
  return sessionLost("this process has closed its connections to the blocks of others. It is about to end.");
}
