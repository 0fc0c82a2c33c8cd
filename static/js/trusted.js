// The Trusted Types policy of all pages: workers come from our static files alone, and no text ever becomes markup but
// in markdown.js, which has a policy of its own.
const rules = {
  createScriptURL(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/static/")) throw new TypeError("not a script of ours");
    return url.href;
  },
};

export const policy = window.trustedTypes ? window.trustedTypes.createPolicy("pasteur", rules) : rules;

export function startWorker(address) {
  return new Worker(policy.createScriptURL(address), { type: "module" });
}
