// Workers: started under the site's Trusted Types policy, and ended when a task takes too long.

// Workers come from our static files alone. No text ever becomes markup except in markdown/render.js, which has a policy
// of its own.
const rules = {
  createScriptURL(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/static/")) throw new TypeError("not a script of this site");
    return url.href;
  },
};
const policy = window.trustedTypes ? window.trustedTypes.createPolicy("pasteur", rules) : rules;

// Run one task in a worker. Resolves to its last message, `{ done: true, ... }`, or to null when the worker failed or
// exceeded its time. `seconds` count from the message `{ ready: true }`, for which the worker has `loading` seconds, or
// else from the start. Every other message goes to `onPart`.
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
      event.preventDefault(); // A text that breaks its grammar stays plain; nothing is wrong with the page.
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
