// Workers: started under the site's Trusted Types policy, and terminated when a task takes too long.

// Workers are loaded only from the site's static files. Text becomes markup only in markdown/render.js, which has its
// own policy.
const rules = {
  createScriptURL(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/static/")) throw new TypeError("not a script of this site");
    return url.href;
  },
};
const policy = window.trustedTypes ? window.trustedTypes.createPolicy("pasteur", rules) : rules;

// Run a task in a worker. Resolves to its last message, `{ done: true, ... }`, or to null if the worker failed or
// exceeded its time limit. The limit of `seconds` starts with the message `{ ready: true }`, for which the worker has `loading`
// seconds; without that message, with the start. All other messages are passed to `onPart`.
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
      event.preventDefault(); // A text that breaks its grammar is not highlighted; the page itself works.
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
