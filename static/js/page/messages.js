// What scripts say, in the language of the page. English stands in the scripts themselves; of any other language the
// page has loaded generated/messages/<language>.js before, which sets `messages`.
const messages = globalThis.messages ?? {};
const rule = new Intl.PluralRules(globalThis.document?.documentElement.lang || "en");

// Return a text in the language of the page, with every %(name)s of it replaced from `facts`.
export function gettext(text, facts = {}) {
  return filled(messages[text] ?? text, facts);
}

// The same of a text that counts: `facts` needs the number as `count`.
export function ngettext(one, many, facts) {
  const forms = messages[one] ?? [one, many];
  return filled(forms[rule.select(facts.count) === "one" ? 0 : 1], facts);
}

function filled(text, facts) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => facts[name] ?? whole);
}
