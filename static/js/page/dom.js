// Small things that every page's script needs.

// Make an element: properties, attributes (with a dash or unknown as property) and children in one go.
export function make(tag, facts = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Say something to everybody: shown for a moment, and read out by screen readers.
let board;
export function say(text) {
  if (!board) {
    board = make("p", { className: "toast", role: "status" });
    document.body.append(board);
  }
  board.textContent = text;
  clearTimeout(say.clock);
  say.clock = setTimeout(() => (board.textContent = ""), 4000);
}

// Copy a text; also on plain HTTP, where browsers have no clipboard for scripts.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = make("textarea", { value: text, className: "unseen", ariaHidden: "true" });
    document.body.append(box);
    box.select();
    const copied = document.execCommand("copy");
    box.remove();
    return copied;
  }
}

// What this browser remembers. Without storage it remembers nothing, and nothing fails.
export const memory = {
  get(name, otherwise = null) {
    try {
      return JSON.parse(localStorage.getItem(name)) ?? otherwise;
    } catch {
      return otherwise;
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
      // There was nothing to forget.
    }
  },
};

export function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}
