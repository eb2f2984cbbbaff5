import type { OperatorClient } from "@millrace/rpc/grpc";
import type { Command } from "commander";
import type { Console } from "./console.ts";
import { type ClientOptions, clientSecurity, withClientSecurity } from "./security.ts";
import { driverAddress } from "./values.ts";
import { orInterrupted } from "./wait.ts";

/** Options that may precede or follow any command. */
export interface GlobalOptions {
  readonly verbose?: true;
}

/** Options of every command that talks to a driver. */
export interface DriverFlags extends ClientOptions {
  readonly driver?: string;
}

export interface OperatorOptions extends DriverFlags {
  readonly json?: true;
}

export function withDriverOptions(command: Command): Command {
  return withClientSecurity(command.option("--driver <host:port>", "address of the driver (default: MILLRACE_DRIVER)"));
}

/** The same, and `--json`. */
export function withOperatorOptions(command: Command): Command {
  return withDriverOptions(command).option("--json", "print JSON, for programs");
}

/** Connects, works, and always closes; Ctrl-C ends it. */
export async function withOperator<T>(
  console: Console,
  options: DriverFlags,
  work: (operator: OperatorClient, address: string) => Promise<T>,
): Promise<T> {
  const address = driverAddress(options.driver, console.env);
  const operator = await console.engine.connect(address, clientSecurity(options, console.env));
  try {
    return await orInterrupted(console, work(operator, address));
  } finally {
    operator.close();
  }
}
