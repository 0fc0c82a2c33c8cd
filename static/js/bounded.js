// Has a worker do one thing, and ends it when that takes too long.
import { startWorker } from "./trusted.js";

// Resolves to what the worker says last, `{ done: true, ... }`, or to null when it failed or was ended. `seconds` count
// from when the worker says `{ ready: true }`, before which it may take `loading` seconds, else from its start.
export function employ(address, task, { seconds, loading = 0, onPart }) {
  return new Promise((resolve) => {
    const worker = startWorker(address);
    const end = (result) => {
      clearTimeout(clock);
      worker.terminate();
      resolve(result);
    };
    let clock = setTimeout(end, (seconds + loading) * 1000, null);
    worker.onerror = (event) => {
      event.preventDefault(); // What fails on a text leaves it as it is; that is all.
      end(null);
    };
    worker.onmessage = ({ data }) => {
      if (data.done) end(data);
      else if (!data.ready) onPart(data);
      else {
        clearTimeout(clock);
        clock = setTimeout(end, seconds * 1000, null);
      }
    };
    worker.postMessage(task);
  });
}
