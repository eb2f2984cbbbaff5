export { type DriverOptions, DriverSupervisor } from "./supervisor/supervisor.ts";
