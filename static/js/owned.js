// The pastes that this browser has made, with their edit tokens: kept here and nowhere else.
import { memory } from "./dom.js";

const MOST = 500;

// Every one of them, the newest first: { key, token, title, at }.
export function owned() {
  const list = memory.get("owned", []);
  return Array.isArray(list) ? list : [];
}

export function own(key, token, title) {
  const others = owned().filter((one) => one.key !== key);
  memory.set("owned", [{ key, token, title, at: Date.now() }, ...others].slice(0, MOST));
}

export function disown(key) {
  memory.set("owned", owned().filter((one) => one.key !== key));
}

export function tokenOf(key) {
  return owned().find((one) => one.key === key)?.token;
}
