// Detects well-known kinds of credentials, the same as those that hold a paste back from Git.
import { EXAMPLE, KINDS } from "../../generated/credentials.js";

const kinds = KINDS.map(([name, prefixes, pattern]) => ({ name, prefixes, pattern: new RegExp(pattern, "g") }));

// Return the first credential in the text as { kind, line, text }, or null.
export function findCredential(text) {
  for (const { name: kind, prefixes, pattern } of kinds) {
    if (!prefixes.some((prefix) => text.includes(prefix))) continue;
    for (const match of text.matchAll(pattern)) {
      if (!match[0].endsWith(EXAMPLE)) return { kind, line: text.slice(0, match.index).split("\n").length, text: match[0] };
    }
  }
  return null;
}
