import { errorKind } from "@millrace/base";

export const badUsage = errorKind("BAD_USAGE", "user");
export const badMaster = errorKind("BAD_MASTER", "user");
export const tokenUnreadable = errorKind("TOKEN_UNREADABLE", "user");
export const outputUnwritable = errorKind("OUTPUT_UNWRITABLE", "environment");
export const driverNotReached = errorKind("DRIVER_NOT_REACHED", "environment");
export const driverUnknown = errorKind("DRIVER_UNKNOWN", "user");
