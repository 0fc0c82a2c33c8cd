// The highlight.js grammars, loaded on demand by workers.
import hljs from "../../vendor/highlight/core.js";
import { loaders } from "../../generated/languages.js";

// Load a language and all languages embedded in it.
export async function load(name, loaded = new Set()) {
  if (loaded.has(name) || !Object.hasOwn(loaders, name)) return;
  loaded.add(name);
  const { default: define } = await loaders[name]();
  hljs.registerLanguage(name, define);
  for (const inner of languagesWithin(define(hljs))) await load(inner, loaded);
}

function languagesWithin(mode, names = new Set(), visited = new Set()) {
  if (mode === null || typeof mode !== "object" || visited.has(mode)) return names;
  visited.add(mode);
  for (const name of [mode.subLanguage ?? []].flat()) names.add(name);
  for (const part of Object.values(mode)) languagesWithin(part, names, visited);
  return names;
}

export { hljs };
