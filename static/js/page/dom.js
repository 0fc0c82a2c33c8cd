// Functions shared by the scripts of all pages: elements, short messages, the clipboard, and the browser's storage.

const MESSAGE_MS = 4_000;

// Create an element with children. Names in `properties` that are not properties of the element become attributes.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Briefly show a message, which screen readers announce.
let messageBoard = null;
let messageTimer;
export function say(text) {
  if (!messageBoard) {
    messageBoard = make("p", { className: "toast", role: "status" });
    document.body.append(messageBoard);
  }
  messageBoard.textContent = text;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => (messageBoard.textContent = ""), MESSAGE_MS);
}

// Copy text and return whether that succeeded. Browsers have no clipboard API on plain HTTP, hence the fallback.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = make("textarea", { value: text, className: "unseen", ariaHidden: "true" });
    document.body.append(box);
    box.select();
    const isCopied = document.execCommand("copy");
    box.remove();
    return isCopied;
  }
}

// Return the fragment of the URL without the # and without parameters that trackers append to links.
export function fragment() {
  return location.hash.slice(1).replace(/[&?].*$/s, "");
}

// The browser's storage, as JSON. If it is disabled, nothing is stored and nothing fails.
export const memory = {
  get(name, fallback = null) {
    try {
      return JSON.parse(localStorage.getItem(name)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  forget(name) {
    try {
      localStorage.removeItem(name);
    } catch {
      // Nothing is stored.
    }
  },
};

// On the page that follows a form: what was sent has arrived, and must not come back into the form.
export function forgetSentDraft() {
  const draft = memory.get("sent");
  if (!draft) return;
  memory.forget("sent");
  memory.forget(draft);
}

// Whether this page can encrypt: browsers expose Web Crypto only over HTTPS and on localhost.
export const canEncrypt = Boolean(globalThis.crypto?.subtle);

export function isTyping(target) {
  return target.closest?.("input:not([readonly]), textarea, select, [contenteditable]") !== null;
}
