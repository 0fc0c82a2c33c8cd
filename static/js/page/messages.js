// The translations of strings in scripts. The strings themselves are in English; for other languages, the page has loaded
// generated/messages/<language>.js, which sets `messages`.
const messages = globalThis.messages ?? {};
const pluralRules = new Intl.PluralRules(globalThis.document?.documentElement.lang || "en");

// Return the translation of a string, with every %(name)s replaced from `values`.
export function gettext(text, values = {}) {
  return fill(messages[text] ?? text, values);
}

// The same for a string that depends on a number, given as `count` in `values`.
export function ngettext(singular, plural, values) {
  const forms = messages[singular] ?? [singular, plural];
  return fill(forms[pluralRules.select(values.count) === "one" ? 0 : 1], values);
}

function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (gap, name) => values[name] ?? gap);
}
