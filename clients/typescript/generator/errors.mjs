// One class per error code, all of them ApiErrors.
import { comment, everyCode, pascal } from "./document.mjs";

export function errors(parsed) {
  const codes = everyCode(parsed);
  const statuses = new Map(codes.map((code) => [code, new Set()]));
  for (const { code, status } of parsed.operations.flatMap((operation) => operation.codes)) {
    statuses.get(code)?.add(status);
  }
  const classes = codes.map((code) => refusal(code, [...statuses.get(code)].sort()));
  return ['import { ApiError } from "../failures.js";\n', ...classes].join("\n");
}

function refusal(code, statuses) {
  const text = [statuses.join(" or "), `\`${code}\``].filter(Boolean).join(" ");
  const status = statuses.length > 0 ? `  declare readonly status: ${statuses.join(" | ")};\n` : "";
  return (
    `${comment([`${text}.`])}export class ${pascal(code)} extends ApiError {\n` +
    `  declare readonly code: "${code}";\n${status}\n` +
    `  static {\n    this.prototype.name = "${pascal(code)}";\n  }\n}\n`
  );
}
