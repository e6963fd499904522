// Evaluates CEL expressions with an implementation that is not ours: one JSON object a line in
// {"expression", "claims": {"a": {"b": value}}}, one word a line out: true, false, or error.
// CEL treats what an error decides as we treat unknown: https://github.com/google/cel-spec.
import { createInterface } from "node:readline";
import { CelScalar, celFunc, isCelError, listType, run } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";

const list = listType(CelScalar.STRING);
const members = (a) => new Set(a);
const containsAll = (a, b) => [...b].every((item) => members(a).has(item));

const functions = [
  ...strings,
  celFunc("tokens", [CelScalar.STRING], list, (text) => text.match(/(?:[^ "]|"[^"]*"?)+/g) ?? []),
  celFunc("reference", [CelScalar.STRING], list, (name) => references[name]),
  celFunc("sets.contains", [list, list], CelScalar.BOOL, containsAll),
  celFunc("sets.equivalent", [list, list], CelScalar.BOOL,
    (a, b) => containsAll(a, b) && containsAll(b, a)),
  celFunc("sets.intersects", [list, list], CelScalar.BOOL,
    (a, b) => [...b].some((item) => members(a).has(item))),
];

let references = {};

function evaluate(expression, claims) {
  try {
    const result = run(expression, claims, { funcs: functions });
    return typeof result === "boolean" && !isCelError(result) ? String(result) : "error";
  } catch {
    return "error";
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const input = JSON.parse(line);
  if (input.references) references = input.references;
  else console.log(evaluate(input.expression, input.claims));
}
