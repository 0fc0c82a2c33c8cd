// The page of a paste. The text is also shown without this script.
import { forgetSentDraft } from "../page/dom.js";
import { FileView, parseLines } from "./file_view.js";

const isEncrypted = document.getElementById("sealed") !== null;
const sections = isEncrypted ? [] : [...document.querySelectorAll("section.file")];
const files = sections.map((section) => new FileView(section));
if (isEncrypted) import("../encryption/decrypt_page.js").then(({ decryptPage }) => decryptPage());

// Mark the lines selected in the URL and scroll to them.
function showLines({ show = true } = {}) {
  const [name, first, last] = parseLines(location.hash);
  const named = files.find((file) => file.name === name) ?? (name ? undefined : files[0]);
  for (const file of files) {
    if (file === named) file.mark(first, last, show);
    else file.mark(0, 0, false);
  }
}

window.addEventListener("hashchange", () => showLines());
window.addEventListener("lines", (event) => showLines(event.detail));
showLines();
forgetSentDraft(); // After an edit.
