// Workers, which are started under the site's Trusted Types policy and terminated if a task takes too long.

import { sitePath } from "./site_path.js";

// Workers are only loaded from the site's static files. Strings only become markup in markdown/render.js, which has its
// own policy.
const rules = {
  createScriptURL(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith(`${sitePath}/static/`)) throw new TypeError("not a script of this site");
    return url.href;
  },
};
const policy = window.trustedTypes ? window.trustedTypes.createPolicy("pasteur", rules) : rules;

// Run a task in a worker. Resolves to its last message, `{ done: true, ... }`, or to null if the worker failed or
// exceeded its time limit. The limit of `seconds` starts with the message `{ ready: true }`, which must arrive within
// `loading` seconds, or, if there is no such message, when the worker starts. Other messages are passed to `onPart`.
export function runInWorker(address, task, { seconds, loading = 0, onPart }) {
  return new Promise((resolve) => {
    const worker = new Worker(policy.createScriptURL(address), { type: "module" });
    const end = (result) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(result);
    };
    let timer = setTimeout(end, (seconds + loading) * 1000, null);
    worker.onerror = (event) => {
      event.preventDefault(); // If the grammar fails, the text is not highlighted, but the page still works.
      end(null);
    };
    worker.onmessage = ({ data }) => {
      if (data.done) {
        end(data);
      } else if (data.ready) {
        clearTimeout(timer);
        timer = setTimeout(end, seconds * 1000, null);
      } else {
        onPart(data);
      }
    };
    worker.postMessage(task);
  });
}
