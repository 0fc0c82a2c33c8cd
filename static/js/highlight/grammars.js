// Grammars of highlight.js, loaded when they are needed. For workers.
import hljs from "../../vendor/highlight/core.js";
import { loaders } from "../../generated/languages.js";

// Load a language, and the languages that it has inside of it.
export async function load(name, seen = new Set()) {
  if (seen.has(name) || !Object.hasOwn(loaders, name)) return;
  seen.add(name);
  const { default: define } = await loaders[name]();
  hljs.registerLanguage(name, define);
  for (const inner of languagesWithin(define(hljs))) await load(inner, seen);
}

function languagesWithin(mode, found = new Set(), seen = new Set()) {
  if (mode === null || typeof mode !== "object" || seen.has(mode)) return found;
  seen.add(mode);
  for (const name of [mode.subLanguage ?? []].flat()) found.add(name);
  for (const part of Object.values(mode)) languagesWithin(part, found, seen);
  return found;
}

export { hljs };
