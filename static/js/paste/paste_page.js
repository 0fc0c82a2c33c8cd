// The page of a paste. Without this script the text is there all the same.
import { copy, make, memory, say } from "../page/dom.js";
import { FileView, parse } from "./file_view.js";
import { gettext } from "../page/messages.js";

const isSealed = document.getElementById("sealed") !== null;
const sections = isSealed ? [] : [...document.querySelectorAll("section.file")];
const files = sections.map((section) => new FileView(section));
if (isSealed) import("../encryption/decrypt_page.js").then(({ openPaste }) => openPaste());

// Mark the lines that the address names, and go there.
function showLines({ show = true } = {}) {
  const [name, first, last] = parse(location.hash);
  const named = files.find((file) => file.name === name) ?? (name ? undefined : files[0]);
  for (const file of files) file.mark(file === named ? first : 0, file === named ? last : 0, show && file === named);
}

// The QR code is drawn when somebody wants to see it.
document.querySelector(".share")?.addEventListener("toggle", async ({ target }) => {
  const { drawn } = await import("../page/qr_code.js");
  const place = target.querySelector(".qr");
  for (const line of target.querySelectorAll(".snippet")) line.append(copyButton(line.textContent));
  place.append(drawn(place.dataset.address));
}, { once: true });

function copyButton(text) {
  const button = make("button", { type: "button", className: "tool", textContent: gettext("Copy"), ariaLabel: gettext("Copy %(text)s", { text }) });
  button.addEventListener("click", async () => say((await copy(text)) ? gettext("The line is copied.") : gettext("The browser does not allow copying.")));
  return button;
}

window.addEventListener("hashchange", () => showLines());
window.addEventListener("lines", (event) => showLines(event.detail));
showLines();

// What was written has arrived: this is the page that the form leads to.
if (memory.get("sent")) for (const name of ["sent", "draft"]) memory.forget(name);
