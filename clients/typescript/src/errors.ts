// Everything that a call can reject with, as one namespace: `errors.Throttled`.
export * from "./failures.js";
export * from "./generated/errors.js";
