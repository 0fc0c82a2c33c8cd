// The one Trusted Types policy. Scripts come from our static files alone; markup comes from the sanitiser alone.
const rules = {
  createHTML: (markup) => markup, // Called by DOMPurify, which parses it into a document where nothing runs.
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
